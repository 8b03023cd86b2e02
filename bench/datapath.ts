// SPDX-License-Identifier: Apache-2.0
import { connect } from "node-openvswitch/openflow";
import { platform } from "quickjs-ts/platform";
import { Model, OpenflowSwitch, synchronise, type Device, type Topology as Network } from "../src/wifi-isolation/index.ts";
import { must, sleep } from "../test/lab/command.ts";
import { stationInterface } from "../test/lab/radio-model.ts";
import { portRoles, Topology } from "../test/lab/topology.ts";
import { setup } from "../tools/setup/index.ts";
import { DEVICES, devices, policy, RULES } from "./lib/network.ts";
import { median, print, quantile } from "./lib/result.ts";

export const about = "throughput and round-trip time of an allowed pair under 10,000 flows, one rule, and a single flow";

const RUNS = 7;
const SECONDS = 1;
const PINGS = 200;
const TARGET = 0.95;
const CLIENT = "laptop", SERVER = "printer";
const addresses = { [CLIENT]: "10.0.0.11", [SERVER]: "10.0.0.13" };

type Case = "10k-flows" | "one-rule" | "single-flow";
interface Samples { throughput: number[]; rtt: number[]; flows: number }

export async function run(): Promise<void> {
  await setup();
  const topology = await Topology.create({ mode: "isolating" });
  try {
    const cases = await prepare(topology);
    const samples = new Map<Case, Samples>();
    for (let turn = 0; turn < RUNS; turn++) {
      for (const [name, install] of Object.entries(cases) as [Case, () => Promise<number>][]) {
        const flows = await install();
        const { throughput, rtt } = samples.get(name) ?? { throughput: [], rtt: [] };
        samples.set(name, { throughput: [...throughput, await transfer(topology)], rtt: [...rtt, ...(await pings(topology))], flows });
      }
    }
    report(samples);
  } finally {
    await topology.close();
  }
}

/** Stations with fixed addresses, and for each case what makes the switch so; it resolves with the number of flows. */
async function prepare(topology: Topology): Promise<Record<Case, () => Promise<number>>> {
  for (const name of [CLIENT, SERVER] as const) {
    const station = topology.station(name);
    await station.join();
    await must(["ip", "-n", station.namespace.path, "address", "add", `${addresses[name]}/16`, "dev", stationInterface]);
  }
  topology.lab.spawn(topology.station(SERVER).namespace.inside(["iperf3", "--server"]), { stdio: "ignore" });
  const client = connect(platform, { address: { unix: topology.ovs.mgmtSocket("br0") } });
  await client.whenReady();
  const bridge = new OpenflowSwitch(client);
  const network = await ports(topology);
  const pair = [CLIENT, SERVER].map((name, i): Device => ({ id: DEVICES + 1 + i, mac: topology.station(name as typeof CLIENT).mac, port: "wlan0", addresses: [addresses[name as typeof CLIENT]] }));
  const rule = { from: pair[0]!.mac, to: pair[1]!.mac, allow: "all" as const };
  const apply = async (crowd: number, rules: number): Promise<number> => {
    const written = policy(crowd, rules);
    const { added, same, modified } = await synchronise(bridge, new Model({ policy: { ...written, rules: [...written.rules, rule] }, topology: network, devices: [...devices(crowd), ...pair] }), [1, 2]);
    return added + same + modified;
  };
  return {
    "10k-flows": () => apply(DEVICES, RULES),
    "one-rule": () => apply(0, 0),
    "single-flow": async () => {
      await topology.ovs.ofctl("del-flows", "br0");
      await topology.ovs.ofctl("add-flow", "br0", "actions=in_port");
      return 1;
    },
  };
}

async function ports({ ovs }: Topology): Promise<Network> {
  const numbered = await Promise.all(Object.entries(portRoles).map(async ([name, role]) => ({ name, role, number: Number(await ovs.vsctl("get", "interface", name, "ofport")) })));
  return { ports: numbered, prefixes: ["10.0.0.0/16"], gateways: ["10.0.0.1"], gatewayMacs: ["02:ff:00:00:00:01"], resolvers: ["10.0.0.1"] };
}

/** Mbit/s of one TCP connection, as received. */
async function transfer(topology: Topology): Promise<number> {
  await sleep(300); // the switch brings its datapath in line with the new flows
  const output = await must(topology.station(CLIENT).namespace.inside(["iperf3", "--json", "--time", String(SECONDS), "--omit", "1", "--client", addresses[SERVER]]));
  const { end } = JSON.parse(output) as { end: { sum_received: { bits_per_second: number } } };
  return end.sum_received.bits_per_second / 1e6;
}

/** Round-trip times, milliseconds. */
async function pings(topology: Topology): Promise<number[]> {
  const output = await must(topology.station(CLIENT).namespace.inside(["ping", "-n", "-i", "0.002", "-c", String(PINGS), addresses[SERVER]]));
  const times = [...output.matchAll(/time=([\d.]+) ms/g)].map(([, time]) => Number(time));
  if (times.length < PINGS * 0.99) throw new Error(`only ${times.length} of ${PINGS} pings came back`);
  return times;
}

function report(samples: ReadonlyMap<Case, Samples>): void {
  const loaded = samples.get("10k-flows")!;
  for (const peer of ["one-rule", "single-flow"] as const) {
    const other = samples.get(peer)!;
    const suffix = peer === "one-rule" ? "" : "-single-flow";
    const note = `${loaded.flows} flows against ${other.flows}; ${RUNS} runs in turns, userspace datapath`;
    const missed = (ratio: number): { missed?: true } => (peer === "one-rule" && ratio < TARGET ? { missed: true } : {});
    const [throughput, peerThroughput] = [median(loaded.throughput), median(other.throughput)];
    const [rtt, peerRtt] = [median(loaded.rtt), median(other.rtt)];
    print({ bench: "datapath", metric: `throughput${suffix}`, unit: "Mbit/s", value: throughput, peer, peerValue: peerThroughput, ratio: throughput / peerThroughput, ...missed(throughput / peerThroughput), note });
    // For times the ratio is the peer's over ours, so that more is better for both.
    print({ bench: "datapath", metric: `rtt${suffix}`, unit: "ms", value: rtt, p50: rtt, p99: quantile(loaded.rtt, 0.99), peer, peerValue: peerRtt, ratio: peerRtt / rtt, ...missed(peerRtt / rtt), note: `${note}, ${loaded.rtt.length} pings; ratio is the peer's time over ours` });
  }
}
