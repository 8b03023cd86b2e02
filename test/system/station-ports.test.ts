// SPDX-License-Identifier: Apache-2.0
// Stations at interfaces of their own, as hostapd on a bus tells them (a stand-in for hostapd; the stand-in ubusd, or the real one of OPENWRT_PREFIX): the gateway's executable on a
// real Open vSwitch. The interfaces are dummies of the switch: qemu/scenarios/station-interfaces.ts has real ones.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { prefix, startBus, type TestBus } from "../../packages/ubus-ts/test/bus.ts";
import type { DeviceResult } from "../../src/gateway/control/protocol.ts";
import { HostapdStandIn } from "../../src/gateway/bus/test/hostapd.ts";
import { arp } from "../../src/wifi-isolation/fake/frames.ts";
import { setup } from "../../tools/setup/index.ts";
import { must, run, telling, until } from "../lab/command.ts";
import { DummyGateway } from "../lab/dummy-gateway.ts";

const test = suite(`stations at interfaces of their own (ubusd: ${prefix ? "real" : "stand-in"})`);
const [PRINTER, LAPTOP] = ["02:00:00:00:00:41", "02:00:00:00:00:42"];
const SECRET = "sEcReT passphrase";
const KEYS = `config key 'printer'\n\toption key '${SECRET}'\n\toption vlan '20'\nconfig key 'guest'\n\toption key '${SECRET} 2'\n\toption vlan '30'\n`;
let bus: TestBus, hostapd: HostapdStandIn, gateway: DummyGateway;

/** The gateway adds an ordinary netdev; as there is none, it is made a dummy. */
async function appears(port: string): Promise<void> {
  await until(`the port ${port}`, 20_000, async () => (await gateway.ovs.vsctl("list-ports", "br0")).split("\n").includes(port));
  await gateway.ovs.vsctl("set", "interface", port, "type=dummy");
}
const gone = (port: string): Promise<unknown> => until(`${port} taken out`, 20_000, async () => !(await gateway.ovs.vsctl("list-ports", "br0")).split("\n").includes(port));
async function deviceAt(mac: string, port: string): Promise<DeviceResult> {
  return until(`${mac} at ${port}`, 20_000, async () => (await gateway.devices()).find((device) => device.mac === mac && device.port === port && device.associated));
}
function authorize(mac: string, vlan: number): void {
  hostapd.stations.get("p1")!.add(mac);
  hostapd.notify("p1", "sta-authorized", { address: mac, vlan, "auth-alg": "open" });
}

test.before(telling(async () => {
  await setup({ parts: ["packages", "openvswitch"] });
  bus = await startBus();
  hostapd = new HostapdStandIn(bus.client());
  await hostapd.add("p1");
  gateway = await DummyGateway.prepare("quickjs", "network: home\nrules:\n  - { from: all, to: internet, allow: all }\n", KEYS, { ubus: bus.path });
  await gateway.start().catch((error: Error) => { throw new Error(`${error.message}: ${gateway.log}`); });
  await until("the radio", 20_000, async () => (await gateway.status()).stations.source === "connected");
}));
test.after(async () => {
  await run(["ip", "link", "del", "p1-20"], { deadline: 10_000 });
  await gateway?.stop();
  await bus?.stop();
});

test("an interface of one station becomes a port with it, lets it in, and goes with it", async () => {
  authorize(LAPTOP, 4096);
  await appears("p1.4096");
  await deviceAt(LAPTOP, "p1.4096");
  await until("its flows", 20_000, async () => (await gateway.status()).switch.ports.some(({ name, number }) => name === "p1.4096" && number !== undefined));
  await gateway.ovs.appctl("netdev-dummy/receive", "p1.4096", Buffer.from(arp(1, { mac: LAPTOP, ip: "10.77.0.42" }, { ip: "10.77.0.1" })).toString("hex"));
  await until("its address", 20_000, async () => (await gateway.devices()).find(({ mac }) => mac === LAPTOP)?.addresses.includes("10.77.0.42"));
  hostapd.leave("p1", LAPTOP);
  await gone("p1.4096");
});

test("who is in a key's VLAN has proved it: another key under the same address is refused, the same one is not", async () => {
  // A VLAN's netdev stays, whoever comes and goes.
  await must(["ip", "link", "add", "p1-20", "type", "veth", "peer", "name", "p1-20peer"], { deadline: 10_000 });
  authorize(PRINTER, 20);
  await appears("p1-20");
  await deviceAt(PRINTER, "p1-20");
  authorize(PRINTER, 30);
  await until("the refusal", 20_000, () => hostapd.deleted.some(({ bss, addr }) => bss === "p1" && addr === PRINTER));
  assert.match(gateway.log, /alarm: identity mismatch.*mac=02:00:00:00:00:41.*port=p1-30.*expected=printer.*offered=guest/);
  assert.is((await gateway.devices()).find(({ mac }) => mac === PRINTER)!.port, "p1-20");
  authorize(PRINTER, 20);
  await deviceAt(PRINTER, "p1-20");
});

test("after a restart the station is where it was, though no list tells its VLAN", async () => {
  await until("its flows", 20_000, async () => (await gateway.flows()).includes(PRINTER));
  await gateway.kill("SIGKILL");
  await gateway.start();
  await until("its place", 20_000, async () => (await gateway.devices()).some(({ mac, port }) => mac === PRINTER && port === "p1-20"));
});

test("a VLAN that is no key's is not ours", async () => {
  authorize(LAPTOP, 40);
  authorize(LAPTOP, 4097);
  await appears("p1.4097");
  assert.not.match(await gateway.ovs.vsctl("list-ports", "br0"), "p1-40");
});

test("no answer, no line of the log and no file that others can read has a key", async () => {
  const told = await Promise.all(["status", "devices", "changes", "policy show", "events"].map((words) => gateway.cli([...words.split(" "), "--json"])));
  for (const { code, stderr } of told) assert.ok(code === 0 || code === 1, stderr); // 1: not all is well yet
  const client = bus.client();
  const called = await Promise.all(["status", "devices", "changes", "policy", "events"].map((method) => client.call("securebox", method)));
  const answers = [...told.map(({ stdout, stderr }) => stdout + stderr), JSON.stringify(called, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value))];
  assert.match(answers.join(), "p1-20");
  assert.not.match(answers.join() + gateway.log, "sEcReT");
  const checked = await run([...gateway.program, "config", "check", "--config", gateway.configFile], { deadline: 20_000 });
  assert.is(checked.code, 0, checked.stderr);
  assert.not.match(checked.stdout + checked.stderr, "sEcReT");
  const files = readdirSync(gateway.directory, { recursive: true, encoding: "utf8" }).map((name) => join(gateway.directory, name)).filter((path) => path !== gateway.configFile && statSync(path).isFile() && readFileSync(path).includes("sEcReT"));
  for (const path of files) assert.is(statSync(path).mode & 0o077, 0, path);
  assert.ok(files.some((path) => path.endsWith("config.right")));
});

test.run();
