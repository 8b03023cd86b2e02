// SPDX-License-Identifier: Apache-2.0
// Floods of stations without rights, on the switch's userspace datapath: an allowed pair and another station's new flows do not notice, the gateway's memory,
// the datapath's cache, connections and leases stay bounded. SECUREBOX_FLOOD=full: 10,000 frames a second for ten seconds of each kind, and their figures:
// losses are told there, not judged, as one thread of the switch and the machine itself are the limit; the control says what they lose without any harm.
import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { setup } from "../../tools/setup/index.ts";
import { harmless, offset, type Scene, uncheckedUdp, type Wave } from "../attacks/flooding.ts";
import { waves as malformedArp } from "../attacks/suite/flood-malformed-arp.ts";
import { waves as malformedDhcp } from "../attacks/suite/flood-malformed-dhcp.ts";
import { waves as malformedMdns } from "../attacks/suite/flood-malformed-mdns.ts";
import { waves as malformedNd } from "../attacks/suite/flood-malformed-nd.ts";
import { waves as multicast } from "../attacks/suite/flood-multicast.ts";
import { waves as newFlows } from "../attacks/suite/flood-new-flows.ts";
import { waves as newMacs } from "../attacks/suite/flood-new-macs.ts";
import { waves as slowExhaustion } from "../attacks/suite/slow-flow-exhaustion.ts";
import { must, sleep, telling } from "../lab/command.ts";
import { Gateway, macs } from "../lab/gateway.ts";
import { ethernet } from "../lab/packet.ts";
import { type StationName, Topology } from "../lab/topology.ts";
import { network } from "../lab/uplink.ts";

const full = process.env["SECUREBOX_FLOOD"] === "full";
const [PER_SECOND, SECONDS] = full ? [10_000, 10] : [2000, 1.5];
/** Shares of packets; resident bytes of 10^6 under load. */
const [LOSS, ARRIVED, MEMORY] = [0.01, 0.01, 10];
const PING_EVERY = 10;
/** A busy machine stops for longer than a packet may take: harm that a flood does is done each time. */
const ATTEMPTS = 3;
/** Entries of the datapath's cache: the bound that the gateway sets, and what comes before the switch has counted. */
const CACHED = 12_000;

const policy = `network: floods
rules:
  - { from: "${macs.laptop}", to: "${macs.printer}", allow: all }
  - { from: "${macs.phone}", to: "${macs.printer}", allow: all }
  - { from: "${macs.mallory}", to: internet, allow: [udp/123], otherwise: ask }
`;

interface Context { topology: Topology; gateway: Gateway }
const test = suite<Context>("floods");

test.before(telling(async (context) => {
  await setup({ parts: ["packages", "openvswitch", "quickjs", "securebox", "lab"] });
  context.topology = await Topology.create({ mode: "isolating" });
  context.gateway = await Gateway.start(context.topology, "quickjs", policy);
  await context.topology.online("laptop", "phone", "printer", "camera", "mallory", "cable");
  await context.topology.station("printer").agent.call("serve", { protocol: "udp", port: 5000 });
}));
test.after(async ({ topology }) => topology?.close());

function scene(topology: Topology, attacker: StationName): Scene {
  const party = (name: StationName) => ({ mac: topology.station(name).mac, v4: topology.station(name).ipv4, v6: topology.station(name).ipv6 });
  return {
    attacker: party(attacker), victim: party("camera"), distant: party("printer"), router: { mac: network.routerMac, v4: network.router4, v6: network.router6 },
    network: { broadcast4: "10.77.0.255", prefix4: network.prefix4, prefix6: network.prefix6 },
  };
}

const kinds: Record<string, [attacker: StationName, waves: (scene: Scene) => Wave[]]> = {
  ...(full && { control: ["mallory", (scene: Scene) => [harmless(scene)]] }),
  "new flows": ["mallory", newFlows], "new MAC addresses": ["cable", newMacs], "malformed ARP": ["mallory", malformedArp], "malformed neighbour discovery": ["mallory", malformedNd],
  "malformed DHCP": ["mallory", malformedDhcp], "malformed mDNS": ["mallory", malformedMdns], multicast: ["mallory", multicast], "slow exhaustion": ["mallory", slowExhaustion],
};

/** Resident 10^6 bytes and processor seconds of a process. */
function usage(pid: number): { resident: number; processor: number } {
  const [, pages] = readFileSync(`/proc/${pid}/statm`, "utf8").split(" ");
  const times = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /, "").split(" ");
  return { resident: Number(pages) * 4096 / 1e6, processor: (Number(times[11]) + Number(times[12])) / 100 };
}

const cached = async ({ ovs }: Topology): Promise<number> => (await ovs.appctl("dpctl/dump-flows")).split("\n").length - 1;
const received = async (topology: Topology, name: StationName): Promise<number> => Number(await must(topology.station(name).namespace.inside(["cat", "/sys/class/net/net0/statistics/rx_packets"])));

/** New flows one after the other until `over`. */
async function firstPackets(topology: Topology, over: () => boolean): Promise<{ flows: number; lost: number; worst: number }> {
  const { phone, printer } = topology.stations;
  const count = { flows: 0, lost: 0, worst: 0 };
  while (!over()) {
    const time = await phone.agent.call("exchange", { protocol: "udp", address: printer.ipv4, port: 5000, deadline: 1000 }).catch(() => undefined);
    count.flows++;
    if (time === undefined) count.lost++;
    else count.worst = Math.max(count.worst, time);
    await sleep(50);
  }
  return count;
}

/** Echo requests of the allowed pair until `over`, half a second of them at a time. */
async function allowed(topology: Topology, over: () => boolean): Promise<{ sent: number; received: number }> {
  const { laptop, printer } = topology.stations;
  const total = { sent: 0, received: 0 };
  while (!over()) {
    const { sent, received } = await laptop.agent.call("ping", { address: printer.ipv4, count: 50, interval: PING_EVERY });
    total.sent += sent;
    total.received += received;
  }
  return total;
}

interface Harm { lost: number; asked: number; first: { flows: number; lost: number; worst: number }; memory: number; entries: number; arrived: number; sent: number; figures: string }

async function flood({ topology, gateway }: Context, attacker: StationName, waves: readonly Wave[]): Promise<Harm> {
  const frames = await topology.station(attacker).frames();
  const count = Math.ceil((PER_SECOND * SECONDS) / waves.length);
  const before = { gateway: usage(gateway.pid!), vswitchd: usage(topology.ovs.pid("vswitchd")!), arrived: await received(topology, "camera") };
  let [over, memory, entries] = [false, 0, 0];
  const traffic = allowed(topology, () => over);
  const flows = firstPackets(topology, () => over);
  const started = performance.now();
  for (const { frame, countingAt } of waves) {
    await frames.flood(frame, count, PER_SECOND, countingAt);
    entries = Math.max(entries, await cached(topology));
    memory = Math.max(memory, usage(gateway.pid!).resident);
  }
  const seconds = (performance.now() - started) / 1000;
  over = true;
  const [ping, first] = await Promise.all([traffic, flows]);
  const after = { gateway: usage(gateway.pid!), vswitchd: usage(topology.ovs.pid("vswitchd")!) };
  const [lost, arrived, sent] = [ping.sent - ping.received, (await received(topology, "camera")) - before.arrived, count * waves.length];
  const share = (which: "gateway" | "vswitchd"): string => `${Math.round(((after[which].processor - before[which].processor) / seconds) * 100)} %`;
  const figures = `${sent} frames in ${seconds.toFixed(1)} s, ${lost} of ${ping.sent} allowed packets lost, ${first.lost} of ${first.flows} new flows lost, the slowest ${Math.round(first.worst)} ms, ` +
    `gateway ${memory.toFixed(1)} MB and ${share("gateway")} of a CPU, switch ${before.vswitchd.resident.toFixed(0)} to ${after.vswitchd.resident.toFixed(0)} MB and ${share("vswitchd")}, ${entries} cached flows, ${arrived} frames arrived`;
  return { lost, asked: ping.sent, first, memory, entries, arrived, sent, figures };
}

/** What was lost of others' packets, for people. */
const losses = ({ lost, asked, first }: Harm): string => (lost > LOSS * asked || first.lost > 0 ? `${lost} of ${asked} packets of the allowed pair and ${first.lost} of ${first.flows} new flows of another station were lost` : "");

for (const [kind, [attacker, waves]] of Object.entries(kinds)) {
  test(kind, async (context) => {
    for (let left = full ? 1 : ATTEMPTS; left > 0; left--) {
      const harm = await flood(context, attacker, waves(scene(context.topology, attacker)));
      process.stdout.write(`${kind}: ${harm.figures}\n`);
      assert.ok(harm.arrived <= ARRIVED * harm.sent, `${harm.arrived} frames arrived at a station that the attacker may not reach`);
      assert.ok(harm.memory <= MEMORY, `the gateway had ${harm.memory} MB`);
      assert.ok(harm.entries <= CACHED, `the datapath cached ${harm.entries} flows`);
      if (full || losses(harm) === "") return;
      assert.ok(left > 1, losses(harm));
    }
  });
}

test("forged addresses without end do not fill the memory of the switch", async ({ topology }) => {
  const [{ frame, countingAt }] = newMacs(scene(topology, "cable")) as [Wave, ...Wave[]];
  const flood = (await topology.station("cable").frames()).flood(frame, 30_000, 15_000, countingAt);
  let most = 0;
  for (let i = 0; i < 5; i++) {
    await sleep(400);
    most = Math.max(most, await cached(topology));
  }
  await flood;
  assert.ok(most > 2000 && most <= CACHED, `the datapath cached ${most} flows`);
});

test("connections that nobody answers leave room for others'", async ({ topology, gateway }) => {
  const { mallory } = topology.stations;
  await topology.ovs.appctl("dpctl/ct-set-maxconns", "2500");
  const datagram = uncheckedUdp(mallory.ipv4, network.router4, { from: 1024, to: 53 }, new Uint8Array(1));
  await (await mallory.frames()).flood(ethernet({ from: mallory.mac, to: network.routerMac }, 0x0800, datagram), 6000, 4000, offset.port4From);
  const open = Number(await topology.ovs.appctl("dpctl/ct-get-nconns"));
  process.stdout.write(`${open} connections open after 6000 were asked for\n`);
  let over = false;
  const flows = firstPackets(topology, () => over);
  await sleep(1000);
  over = true;
  const { lost, flows: count } = await flows;
  await topology.ovs.appctl("dpctl/ct-set-maxconns", "3000000");
  assert.ok(count > 3 && lost <= count / 2, `${lost} of ${count} new flows of another station were lost`);
  assert.ok((await gateway.status()).healthy);
});

test.run();
