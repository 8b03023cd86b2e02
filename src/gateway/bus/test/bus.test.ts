// SPDX-License-Identifier: Apache-2.0
// The gateway on a bus: the real ubusd where OPENWRT_PREFIX is given, else the stand-in; hostapd and dnsmasq are stand-ins always.
import { method } from "ubus-ts";
import { suite } from "uvu";
import { equal, ok } from "uvu/assert";
import { platform, startBus, type TestBus, until } from "../../../../packages/ubus-ts/test/bus.ts";
import type { StationEvent } from "../../stations.ts";
import { GatewayBus } from "../bus.ts";
import type { LeaseName } from "../leases.ts";
import { HostapdStandIn } from "./hostapd.ts";

const A = "02:00:00:00:00:0a";
const B = "02:00:00:00:00:0b";

interface World { bus: TestBus; gateway: GatewayBus; hostapd: HostapdStandIn; events: StationEvent[]; lines: string[]; lost: number }
const test = suite<{ world: World }>("gateway on ubus");

test.before.each(async (context) => {
  const bus = await startBus();
  const lines: string[] = [];
  const log = Object.fromEntries(["debug", "info", "warn", "error"].map((level) => [level, (event: string) => void lines.push(`${level} ${event}`)]));
  const gateway = new GatewayBus(platform, bus.path, () => ["wlan0", "wlan1"], log as never);
  context.world = { bus, gateway, hostapd: new HostapdStandIn(bus.client()), events: [], lines, lost: 0 };
});

test.after.each(async ({ world }) => {
  world.gateway.stations.close();
  world.gateway.close();
  await world.bus.stop();
});

function start(world: World): void {
  world.gateway.stations.start((event) => world.events.push(event), () => { world.lost++; });
}

/** The last list of `bss`, and who came and went since. */
function known({ events }: World, bss: string): string[] {
  const there = new Set<string>();
  for (const event of events.filter((each) => each.bss === bss)) {
    if (event.event === "stations") there.clear();
    for (const { address } of event.event === "stations" ? event.stations : [event]) if (event.event === "disassociated") there.delete(address);
      else there.add(address);
  }
  return [...there].sort();
}

test("stations that are there already, that come and that leave; of our BSSs only", async ({ world }) => {
  const { hostapd } = world;
  hostapd.stations.set("wlan0", new Set([A]));
  for (const bss of ["wlan0", "wlan1", "guest"]) await hostapd.add(bss);
  start(world);
  await until("the lists", () => world.gateway.stations.connected && known(world, "wlan0").length === 1 && world.events.some(({ bss }) => bss === "wlan1"));
  equal(known(world, "wlan0"), [A]);
  hostapd.authorize("wlan1", B);
  await until("the new one", () => known(world, "wlan1").includes(B));
  hostapd.leave("wlan1", B);
  await until("its end", () => known(world, "wlan1").length === 0);
  hostapd.authorize("guest", B);
  hostapd.authorize("wlan0", B);
  await until("the next", () => known(world, "wlan0").length === 2);
  equal(world.events.filter(({ bss }) => bss === "guest"), []);
});

test("a station that roams leaves the old place before it is at the new one, though hostapd does not tell that it left", async ({ world }) => {
  const { hostapd } = world;
  for (const bss of ["wlan0", "wlan1"]) await hostapd.add(bss);
  start(world);
  hostapd.authorize("wlan0", A);
  await until("the station", () => known(world, "wlan0").includes(A));
  hostapd.authorize("wlan1", A);
  await until("the new place", () => known(world, "wlan1").includes(A));
  const [left, came] = [world.events.findLastIndex((event) => event.bss === "wlan0"), world.events.findLastIndex((event) => event.event === "associated" && event.bss === "wlan1")];
  equal(known(world, "wlan0"), []);
  ok(left < came, `left ${left}, came ${came}`);
});

test("hostapd that starts later, and one BSS that goes", async ({ world }) => {
  start(world);
  await until("the bus", () => world.gateway.connected);
  ok(!world.gateway.stations.connected);
  await world.hostapd.add("wlan0");
  await world.hostapd.add("wlan1");
  await until("both", () => world.gateway.stations.connected);
  world.hostapd.authorize("wlan0", A);
  await until("the station", () => known(world, "wlan0").includes(A));
  await world.hostapd.remove("wlan0");
  await until("its end", () => known(world, "wlan0").length === 0);
  equal(world.lost, 0);
  ok(!world.gateway.stations.connected);
});

test("ubusd that dies: nothing is taken for true until all is listed again", async ({ world }) => {
  for (const bss of ["wlan0", "wlan1"]) await world.hostapd.add(bss);
  start(world);
  world.hostapd.authorize("wlan0", A);
  await until("the station", () => known(world, "wlan0").includes(A));
  await world.bus.kill();
  await until("the loss", () => world.lost === 1);
  equal(known(world, "wlan0"), [A], "nobody is told to have left");
  world.hostapd.stations.get("wlan0")!.add(B);
  await world.bus.start();
  await until("both", () => known(world, "wlan0").length === 2 && world.gateway.stations.connected);
  equal(world.lines.filter((line) => line === "warn ubus lost; trying on").length, 1);
});

test("deauthenticates by del_client", async ({ world }) => {
  await world.hostapd.add("wlan0");
  start(world);
  await until("the bus", () => world.gateway.connected);
  world.gateway.stations.deauthenticate("wlan0", A, 1);
  await until("the call", () => world.hostapd.deleted.length === 1);
  equal(world.hostapd.deleted, [{ bss: "wlan0", addr: A, reason: 1 }]);
});

test("names of dnsmasq and odhcpd; what is no lease with a name is nothing", async ({ world }) => {
  const names: LeaseName[] = [];
  world.gateway.listen((lease) => names.push(lease));
  const dhcp = world.bus.client();
  const [dnsmasq, odhcpd] = [await dhcp.publish("dnsmasq.lan", { metrics: method({}, () => ({})) }), await dhcp.publish("dhcp", { ipv4leases: method({}, () => ({})) })];
  await until("subscribers", () => dnsmasq.hasSubscribers && odhcpd.hasSubscribers);
  for (const name of ["dhcp.release", "dhcp.ack"]) dnsmasq.notify(name, { mac: A.toUpperCase(), ip: "192.168.1.9", name: `printer-${name}`, interface: "br-lan" });
  dnsmasq.notify("dhcp.ack", { mac: B, ip: "192.168.1.8", interface: "br-lan" });
  odhcpd.notify("dhcp.ack", { mac: B.replaceAll(":", ""), ip: "192.168.1.8", name: "phone", interface: "br-lan" });
  await until("the names", () => names.length >= 2);
  equal(names, [{ mac: A, name: "printer-dhcp.ack" }, { mac: B, name: "phone" }]);
});

test("what cannot be registered is tried again when it can", async ({ world }) => {
  await world.bus.kill();
  let tries = 0;
  world.gateway.keep("something", async () => { tries++; });
  await world.bus.start();
  await until("the try", () => tries === 1);
});

test.run();
