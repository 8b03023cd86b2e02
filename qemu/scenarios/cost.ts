// SPDX-License-Identifier: Apache-2.0
// What isolation and policy cost two stations on one BSS, against a plain access point: all set-ups in one machine, measured in turns.
//
//   plain     hostapd with ap_isolate=0: mac80211 hands a station's frames to the other by itself, no switch sees them
//   hairpin   the same stations and BSS, ap_isolate=1; bridge br2 has one flow, actions=in_port
//   tracked   as hairpin, but br2 tracks connections: four flows, no policy. What edge costs beside it is the policy's cost, what it costs beside hairpin is the connections'
//   edge      ap_isolate=1; bridge br1 has the flows of a gateway with 250 devices and 10,000 rules' worth of flows, the two stations and a rule for them beside
//   vlan      an access point of its own that only isolates, by VLAN; br0 has the flows of a gateway with a rule for the pair
//   vxlan     the same, by VXLAN
//
// Every set-up has stations and a radio of its own, on a channel of its own, and all are there all the time; plain, hairpin and tracked share theirs.
// Settings: rounds=N (default 5); seconds=N of each transfer (default 3); pings=N of each round (default 200); firsts=N new flows of each round (default 40); udp=1: loss at 5 Mbit/s; thin=0: without vlan and vxlan.
import { encodePolicy } from "@securebox/contract";
import { DEVICES, macOf, policy as crowdPolicy, RULES, savedDevices, topology } from "../../bench/lib/network.ts";
import { AccessPoints } from "../guest/access-points.ts";
import { must, script, sleep, until } from "../guest/command.ts";
import { datapath, forgetFlows, loss, NewFlows, type Pair, roundTrips, serve, transfer } from "../guest/cost.ts";
import { Gateway } from "../guest/gateway.ts";
import { HostapdStations } from "../guest/hostapd-stations.ts";
import { check, expect, measure, record, scenario, settings, uptime, whenFailed } from "../guest/report.ts";
import { Station, type StationPlan } from "../guest/station.ts";
import { dump } from "../guest/switch.ts";
import { makeThinRadios, points, ThinEdge, thinPlan, type ThinPlan } from "../guest/thin-edge.ts";
import { reaches } from "../guest/traffic.ts";

const { rounds, seconds, pings, firsts, udp, thin } = settings({ rounds: 5, seconds: 3, pings: 200, firsts: 40, udp: 0, thin: 1 });
const EDGE_SOCKET = "/run/edge-stations.sock";
/** Mbit/s: a good part below what the slowest set-up carries. */
const UDP_RATE = 5;
const FLOWS = 10_000;

const vlan = [thinPlan("vlan1", 1, "ap1"), thinPlan("vlan2", 2, "ap1")] as const;
const vxlan = [thinPlan("vxlan1", 3, "ap2"), thinPlan("vxlan2", 4, "ap2")] as const;
const edge = [thinPlan("edge1", 5, "own"), thinPlan("edge2", 6, "own")] as const;
const base: readonly [ThinPlan, ThinPlan] = [thinPlan("base1", 8, "own"), thinPlan("base2", 9, "own")];
/** Between the access points and the stations of `base`. */
const BASE = { channel: 6, bsses: [{ name: "wlan10", bssid: "02:00:00:00:0a:00", ssid: "home", security: "wpa2" as const }] };

const plans: ThinPlan[] = [...(thin ? [...vlan, ...vxlan] : []), ...edge, ...base];
const pairOf = ([one, two]: readonly [StationPlan, StationPlan]): Pair => ({ client: one.name, server: two.name, address: two.ip });
const pairs = { plain: pairOf(base), hairpin: pairOf(base), tracked: pairOf(base), edge: pairOf(edge), vlan: pairOf(vlan), vxlan: pairOf(vxlan) };
type Setup = keyof typeof pairs;
const setups = (Object.keys(pairs) as Setup[]).filter((setup) => thin || !["vlan", "vxlan"].includes(setup));

/** Rules for pairs only. */
const smallPolicy = (...allowed: (readonly [StationPlan, StationPlan])[]): string => `network: radio\nrules:\n${allowed.map(([from, to]) => `  - { from: "${from.mac}", to: "${to.mac}", allow: all }\n`).join("")}`;

async function joinAll(stations: readonly Station[]): Promise<void> {
  await Promise.all(stations.map((station) => station.joined(120_000)));
}

/** Bridges beside br0: br1 with the access point of `edge`, br2 with the one of `base` and its one flow. */
async function makeBridges(): Promise<void> {
  await must(["sh", "-ec", `ip link add uplink1 type dummy; ip link set uplink1 up
    ovs-vsctl --if-exists del-port br0 ${points.own.port} -- add-br br1 -- set bridge br1 fail-mode=secure protocols=OpenFlow13,OpenFlow14,OpenFlow15 -- add-port br1 ${points.own.port} -- add-port br1 uplink1 -- \\
      add-br br2 -- set bridge br2 fail-mode=secure -- add-port br2 ${BASE.bsses[0]!.name}
    `], 90_000);
}

/** One zone, as ours has; IPv4 is all that the pair speaks. */
const flowsOfBase: Partial<Record<Setup, readonly string[]>> = {
  hairpin: ["actions=in_port"],
  tracked: ["table=0,priority=0,actions=in_port", "table=0,priority=10,ip,actions=ct(zone=9,table=1)", "table=1,priority=10,ip,ct_state=+trk+new,actions=ct(commit,zone=9),in_port", "table=1,priority=0,actions=in_port"],
};

/** Makes the one radio and bridge of three set-ups that of this one. */
async function become(base: AccessPoints, setup: Setup): Promise<void> {
  if (setup !== "plain" && !flowsOfBase[setup]) return;
  await base.isolate(setup !== "plain");
  const flows = (flowsOfBase[setup] ?? flowsOfBase.hairpin)!;
  await script(`ovs-ofctl -OOpenFlow13 replace-flows br2 - <<END\n${flows.join("\n")}\nEND`);
}

/** The gateway of the loaded bridge; resolves when its flows are in force. */
async function loadedGateway(): Promise<Gateway> {
  const crowd = Array.from({ length: DEVICES }, (_, i) => ({ address: macOf(i + 1) }));
  new HostapdStations(EDGE_SOCKET, [points.own.bss.name], { [points.own.bss.name]: crowd });
  const gateway = new Gateway({ [points.own.port]: "bss", uplink1: "uplink" }, `stations: ${EDGE_SOCKET}`, { bridge: "br1", name: "edge", prefixes: topology.prefixes, devices: savedDevices(DEVICES) });
  const written = crowdPolicy(DEVICES, RULES);
  gateway.writePolicy(encodePolicy({ ...written, rules: [...written.rules, { from: edge[0].mac, to: edge[1].mac, allow: "all" }] }));
  gateway.start();
  await gateway.healthy(240_000);
  return gateway;
}

/** Both have said something, so they are known; rejects when the one does not reach the other then. */
async function acquaint({ client, server, address }: Pair): Promise<void> {
  const own = plans.find(({ name }) => name === client)!.ip;
  await until(`${client} reaches ${server}`, 60_000, async () => (await reaches(server, own, 1), reaches(client, address, 2)));
}

interface Sample { setup: Setup; round: number; throughput: number; rtt: number[]; loss?: number }

async function measureSetup(setup: Setup, round: number): Promise<Sample> {
  const pair = pairs[setup];
  await roundTrips(pair, 20); // what the last set-up left in caches is none of this one's
  const before = await datapath();
  const throughput = await transfer(pair, seconds);
  const after = await datapath();
  const rtt = await roundTrips(pair, pings);
  const packets = after.hit - before.hit + after.missed - before.missed;
  if (round === 0) await script(`ovs-appctl dpctl/dump-flows -m > /share/kept/${setup}.datapath`);
  record({ datapath: setup, round, packets, missed: after.missed - before.missed, masksPerPacket: (after.masks - before.masks) / packets, masks: after.total, flows: after.flows });
  return { setup, round, throughput, rtt, ...(udp && { loss: await loss(pair, seconds, UDP_RATE) }) };
}

/** New flows: `cold`: with nothing left in the datapath; else with what flows to other ports left there. */
async function measureFirsts(setup: Setup, round: number, cold: boolean): Promise<void> {
  const flows = new NewFlows(pairs[setup]);
  for (let i = 0; i < 3; i++) await flows.next();
  const times: number[][] = [];
  for (let i = 0; i < firsts; i++) {
    if (cold) await forgetFlows();
    times.push(await flows.next());
    await sleep(10);
  }
  flows.close();
  record({ firsts: setup, cold, round, times });
}

scenario(async () => {
  await makeThinRadios(plans);
  await script("ip link set hwsim0 down"); // the air's own tap takes a copy of every frame
  const net = await ThinEdge.create(Object.fromEntries(plans.filter((plan) => !base.includes(plan)).map((plan) => [plan.name, plan])));
  whenFailed(dump);
  const own = new AccessPoints([BASE], base.map(({ name, mac, secret }) => ({ name, mac, secret })), undefined, "base");
  await own.start(true);
  const baseStations = await Promise.all(base.map((plan) => Station.create(plan, [BASE.channel], BASE.bsses[0]!.bssid)));
  await makeBridges();
  await check("stations join", async () => { await net.joined(); await joinAll(baseStations); });
  measure("joined s", uptime());
  await net.isolate();
  const gateways: Gateway[] = [];
  if (thin) {
    const roles = Object.fromEntries(Object.entries<string>(net.roles).filter(([port]) => port !== points.own.port));
    gateways.push(net.gateway(smallPolicy(vlan, vxlan), roles));
    await gateways[0]!.healthy();
  }
  const loaded = await loadedGateway();
  gateways.push(loaded);
  measure("flows in force s", uptime());
  await check("the loaded bridge has its devices and flows", async () => {
    const [flows, devices] = [Number(/flow_count=(\d+)/.exec(await must(["ovs-ofctl", "-OOpenFlow13", "dump-aggregate", "br1"]))?.[1]), await loaded.devices()];
    const present = devices.filter(({ associated }) => associated).length;
    measure("flows", flows);
    measure("devices", present);
    expect(flows >= FLOWS, `${flows} flows`);
    expect(present >= DEVICES, `${present} devices associated`);
    return `${flows} flows, ${present} devices`;
  });
  await become(own, "hairpin");
  for (const setup of setups.filter((each) => each !== "plain" && each !== "tracked")) {
    const pair = pairs[setup];
    serve(pair);
    await check(`${pair.client} reaches ${pair.server}`, () => acquaint(pair));
  }

  for (let round = 0; round < rounds; round++) await check(`round ${round + 1}`, async () => {
    const told: string[] = [];
    for (let i = 0; i < setups.length; i++) {
      const setup = setups[(i + round) % setups.length]!;
      await become(own, setup);
      const sample = await measureSetup(setup, round);
      record(sample);
      told.push(`${setup} ${sample.throughput.toFixed(1)} Mbit/s ${[...sample.rtt].sort((a, b) => a - b)[sample.rtt.length >> 1]} ms`);
    }
    return told.join(", ");
  });
  if (firsts > 0) await check("new flows", async () => {
    for (let round = 0; round < rounds; round++) for (const setup of setups.slice(1)) {
      await become(own, setup);
      for (const cold of [false, true]) await measureFirsts(setup, round, cold);
    }
  });
  measure("gateway resident MB", loaded.memory());
  for (const gateway of gateways) await gateway.stop();
  measure("scenario s", uptime());
});
