// SPDX-License-Identifier: Apache-2.0
// The radio model against what a real radio did (hostapd 2.10, mac80211, Open vSwitch): who hears unicast and group frames under
// the same flows, with isolation on; without isolation stations hear each other and the switch is not asked.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { telling } from "../lab/command.ts";
import { broadcast, ethernet } from "../lab/packet.ts";
import type { Station } from "../lab/station.ts";
import { plans, type StationName, Topology } from "../lab/topology.ts";

const addressed: StationName[] = ["laptop", "phone", "printer"];
let nonce = 0;

/** Sends one frame from laptop; the names of those that heard it within 150 ms. */
async function heard(topology: Topology, to: string, source = plans.laptop.mac): Promise<string[]> {
  const payload = Buffer.alloc(46, `frame ${nonce++}`);
  const listeners = [...addressed.map((name) => topology.station(name)), topology.uplink];
  const sniffers = await Promise.all(listeners.map((each) => each.frames()));
  const arrivals = sniffers.map((each) => each.next((frame) => frame.includes(payload), 300));
  await sniffers[0]!.send(ethernet({ from: source, to }, 0x88b5, payload));
  const seen = await Promise.all(arrivals);
  return seen.flatMap((frame, i) => (frame ? [i < addressed.length ? addressed[i]! : "uplink"] : []));
}

async function joined(topology: Topology): Promise<void> {
  for (const name of addressed) {
    await topology.station(name).join();
    await topology.station(name).namespace.script(`ip address add 10.77.0.${plans[name].mac.slice(-2)}/24 dev net0`);
  }
}

async function pings(from: Station, to: StationName): Promise<boolean> {
  await from.namespace.script("ip neighbour flush dev net0");
  const { received } = await from.agent.call("ping", { address: `10.77.0.${plans[to].mac.slice(-2)}`, wait: 400 });
  return received > 0;
}

function radio(mode: "isolating" | "plain", tests: (test: ReturnType<typeof suite<{ topology: Topology }>>, flows: (context: { topology: Topology }, ...flows: string[]) => Promise<void>) => void): void {
  const test = suite<{ topology: Topology }>(`radio model, ${mode}`);
  test.before(telling(async (context) => {
    context.topology = await Topology.create({ mode });
    await joined(context.topology);
  }));
  test.after(async (context) => context.topology?.close());
  tests(test, async ({ topology }, ...flows) => {
    await topology.ovs.ofctl("del-flows", "br0");
    for (const flow of flows) await topology.ovs.ofctl("add-flow", "br0", flow);
  });
  test.run();
}

const { laptop, printer } = plans;
const pair = [`priority=10,dl_src=${laptop.mac},dl_dst=${printer.mac},actions=in_port`, `priority=10,dl_src=${printer.mac},dl_dst=${laptop.mac},actions=in_port`];
const responder = [laptop, printer].map(({ mac }) => `priority=20,arp,arp_op=1,arp_tpa=10.77.0.${mac.slice(-2)},actions=move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[],mod_dl_src:${mac},`
  + "load:2->NXM_OF_ARP_OP[],move:NXM_NX_ARP_SHA[]->NXM_NX_ARP_THA[],move:NXM_OF_ARP_SPA[]->NXM_OF_ARP_TPA[],"
  + `load:0x${mac.replaceAll(":", "")}->NXM_NX_ARP_SHA[],load:0x0a4d00${mac.slice(-2) === "11" ? "0b" : "0d"}->NXM_OF_ARP_SPA[],in_port`);
/** Delivers the ARP request to the asked station only. */
const rewritten = [laptop, printer].map(({ mac }) => `priority=20,arp,arp_op=1,arp_tpa=10.77.0.${mac.slice(-2)},actions=mod_dl_dst:${mac},in_port`);

radio("isolating", (test, flows) => {
  test("without flows nothing passes, up or back", async (context) => {
    await flows(context);
    assert.equal(await heard(context.topology, printer.mac), []);
    assert.equal(await heard(context.topology, broadcast), []);
  });

  test("NORMAL: up to the wire, no unicast and no broadcast to another station", async (context) => {
    await flows(context, "actions=NORMAL");
    assert.equal(await heard(context.topology, printer.mac), ["uplink"]); // unknown destination: flooded, but never back
    assert.equal(await heard(context.topology, broadcast), ["uplink"]);
    assert.not.ok(await pings(context.topology.station("laptop"), "printer"));
  });

  test("per-pair in_port: the frame reaches the addressed station only, and the pair still cannot resolve addresses", async (context) => {
    await flows(context, "priority=0,actions=NORMAL", ...pair);
    assert.equal(await heard(context.topology, printer.mac), ["printer"]);
    assert.not.ok(await pings(context.topology.station("laptop"), "printer"));
  });

  test("ARP request rewritten to the peer, in_port: open, and only the peer sees the request", async (context) => {
    await flows(context, "priority=0,actions=NORMAL", ...pair, ...rewritten);
    const bystander = await context.topology.station("phone").frames();
    const request = bystander.next((frame) => frame.readUInt16BE(12) === 0x0806, 500);
    assert.ok(await pings(context.topology.station("laptop"), "printer"));
    assert.is(await request, undefined);
  });

  test("ARP request in_port,NORMAL: open, and every station of the BSS sees it", async (context) => {
    await flows(context, "priority=0,actions=NORMAL", ...pair, "priority=20,arp,arp_op=1,actions=in_port,NORMAL");
    const bystander = await context.topology.station("phone").frames();
    const request = bystander.next((frame) => frame.readUInt16BE(12) === 0x0806, 500);
    assert.ok(await pings(context.topology.station("laptop"), "printer"));
    assert.ok(await request);
  });

  test("a group frame sent back reaches every station but its sender", async (context) => {
    await flows(context, "actions=in_port");
    assert.equal(await heard(context.topology, broadcast), ["phone", "printer"]);
    assert.equal(await heard(context.topology, "33:33:00:00:00:fb"), ["phone", "printer"]);
  });

  test("ARP answered by the switch: open; the flows removed: closed again", async (context) => {
    await flows(context, "priority=0,actions=NORMAL", ...pair, ...responder);
    assert.ok(await pings(context.topology.station("laptop"), "printer"));
    await flows(context, "priority=0,actions=NORMAL");
    assert.not.ok(await pings(context.topology.station("laptop"), "printer"));
  });

  promises(test, flows);
});

radio("plain", (test, flows) => {
  test("stations of a BSS reach each other inside; the switch is not asked", async (context) => {
    await flows(context, "actions=drop");
    assert.equal(await heard(context.topology, printer.mac), ["printer"]);
    assert.equal(await heard(context.topology, broadcast), ["phone", "printer"]);
    assert.ok(await pings(context.topology.station("laptop"), "printer"));
  });

  test("group frames go up as well", async (context) => {
    await flows(context, "actions=NORMAL");
    assert.equal(await heard(context.topology, broadcast), ["phone", "printer", "uplink"]);
  });

  promises(test, flows);
});

/** What an access point promises with isolation and without. */
function promises(test: ReturnType<typeof suite<{ topology: Topology }>>, flows: (context: { topology: Topology }, ...flows: string[]) => Promise<void>): void {
  test("a source address that is not the associated one is dropped, also from a raw socket", async (context) => {
    await flows(context, "actions=in_port,NORMAL");
    assert.equal(await heard(context.topology, broadcast, printer.mac), []);
    assert.equal(await heard(context.topology, broadcast, "02:00:00:00:00:99"), []);
  });

  test("associating with a station's address throws that station out", async ({ topology }) => {
    await topology.station("phone").join(printer.mac, "phone");
    assert.is(topology.radio.association(topology.station("printer").namespace), undefined);
    assert.equal(topology.radio.association(topology.station("phone").namespace), { bss: "wlan0", mac: printer.mac, key: "phone" });
    await topology.station("phone").join();
    await topology.station("printer").join();
  });

  test("station events: a snapshot per BSS on connecting, then each change; deauthenticate throws out", async ({ topology }) => {
    const { createConnection } = await import("node:net");
    const { onLines, until } = await import("../lab/command.ts");
    const client = createConnection(topology.radio.events.path);
    const events: { event: string; bss: string; address?: string; stations?: { address: string }[] }[] = [];
    onLines(client, (line) => events.push(JSON.parse(line)));
    await until("snapshots", 1000, () => events.length === 2);
    assert.equal(events.map(({ event, bss }) => `${event} ${bss}`), ["stations wlan0", "stations wlan1"]);
    assert.equal(events[0]!.stations!.map(({ address }) => address).sort(), addressed.map((name) => plans[name].mac).sort());
    client.write(JSON.stringify({ request: "deauthenticate", bss: "wlan0", address: plans.phone.mac, reason: 1 }) + "\n");
    await until("deauthentication", 1000, () => events.length === 3);
    assert.equal(events[2], { event: "disassociated", bss: "wlan0", address: plans.phone.mac });
    await topology.station("phone").join();
    await until("association", 1000, () => events.length === 4);
    assert.equal(events[3], { event: "associated", bss: "wlan0", address: plans.phone.mac, key: "phone" });
    client.destroy();
  });
}
