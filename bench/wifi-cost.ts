// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { runScenario } from "../qemu/harness/run.ts";
import { machineOf } from "../qemu/recipe/machines.ts";
import { table, writeBetween } from "../qemu/table.ts";
import { print } from "./lib/result.ts";
import { type CostRecord, datapath, firsts, losses, ratios, roundTrip, type Setup, setups, spread, type Spread, throughput } from "./lib/wifi-cost.ts";

export const about = "two stations on real radios in a virtual machine: a plain access point, one hairpin flow, 10,000 flows, Thin Edge; writes the tables in docs/cost.md";

const ROUNDS = 5;
/** New flows of each round, set-up and kind. */
const FIRSTS = 8;
const DEADLINE = 1200;
/** Megabytes: the switch has 10,000 flows, and all set-ups are there at the same time. */
const MEMORY = 768;
const TARGET = 0.95;
/** Milliseconds. */
const FIRST_TARGET = 2;
const peersOf: Partial<Record<Setup, readonly Setup[]>> = { hairpin: ["plain"], tracked: ["hairpin"], edge: ["hairpin", "tracked"], vlan: ["edge"], vxlan: ["edge"] };
const isTargeted = (ours: Setup, peer: Setup): boolean => ours === "edge" && peer === "hairpin";
const titles: Record<Setup, string> = { plain: "plain access point", hairpin: "isolation, one hairpin flow", tracked: "the same with connection tracking", edge: "Intelligent Edge", vlan: "Thin Edge, VLAN", vxlan: "Thin Edge, VXLAN" };

export async function run(): Promise<void> {
  const root = process.cwd();
  const say = (line: string): void => console.error(line);
  const outcome = await runScenario({ root, machine: machineOf("amd64"), scenario: join(root, "qemu/scenarios/cost.ts"), settings: [`rounds=${ROUNDS}`, "seconds=2", "udp=1", `firsts=${FIRSTS}`], deadline: DEADLINE, memory: MEMORY, progress: say, log: say });
  const wrong = outcome.checks.filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail}`);
  if (outcome.status !== 0) throw new Error(`status ${outcome.status}; ${[...wrong, outcome.error ?? ""].join("; ")}`);
  report(outcome.records as CostRecord[], `${outcome.measurements["flows"]} flows, ${outcome.measurements["devices"]} devices; ${ROUNDS} rounds in turns in one machine (${outcome.accelerator})`);
  writeTables(outcome.records as CostRecord[], outcome.measurements);
}

function report(records: readonly CostRecord[], note: string): void {
  for (const [ours, peers] of Object.entries(peersOf) as [Setup, Setup[]][]) for (const peer of peers) {
    const ratio = ratios(records, ours, peer);
    for (const [metric, unit, value, other, { median, least, most }] of [
      ["throughput", "Mbit/s", throughput(records, ours), throughput(records, peer), ratio.throughput],
      ["rtt", "ms", roundTrip(records, ours), roundTrip(records, peer), ratio.roundTrip]] as const) {
      const missed = isTargeted(ours, peer) && median < TARGET ? { missed: true as const } : {};
      print({ bench: "wifi-cost", metric: `${ours}: ${metric}${isTargeted(ours, peer) || ours !== "edge" ? "" : ", tracked"}`, unit, value: spread(value).median, peer, peerValue: spread(other).median, ratio: median, ...missed, note: `ratio of each round: ${least.toFixed(2)} to ${most.toFixed(2)}; ${note}` });
    }
  }
  for (const setup of setups.slice(1)) for (const cold of [false, true]) {
    const { median, p95, flows, lost } = firsts(records, setup, cold);
    print({ bench: "wifi-cost", metric: `${setup}: first packet${cold ? ", nothing cached" : ""}`, unit: "ms", value: median, ...(setup !== "hairpin" && median > FIRST_TARGET && { missed: true as const }), note: `more than later ones; p95 ${p95.toFixed(2)}, ${flows} flows, ${lost} of them with a packet lost; ${note}` });
  }
}

/** Between the comments in docs/cost.md, which name this command. */
function writeTables(records: readonly CostRecord[], measurements: Record<string, number>): void {
  const file = join(process.cwd(), "docs/cost.md");
  const of = ({ median, least, most }: Spread, digits: number): string => `${median.toFixed(digits)} (${least.toFixed(digits)} to ${most.toFixed(digits)})`;
  const cost = setups.map((setup) => {
    const { missed, masksPerPacket } = datapath(records, setup);
    return [titles[setup], of(spread(throughput(records, setup)), 1), of(spread(roundTrip(records, setup)), 2), spread(losses(records, setup)).median.toFixed(2), setup === "plain" ? "" : `${missed}, ${masksPerPacket.toFixed(2)}`];
  });
  const compared = (Object.entries(peersOf) as [Setup, Setup[]][]).flatMap(([ours, peers]) => peers.map((peer) => {
    const ratio = ratios(records, ours, peer);
    return [titles[ours], titles[peer], of(ratio.throughput, 2), of(ratio.roundTrip, 2)];
  }));
  const first = setups.slice(1).map((setup) => [titles[setup], ...[false, true].flatMap((cold) => { const { median, p95, flows, lost } = firsts(records, setup, cold); return [median.toFixed(2), p95.toFixed(2), `${lost} of ${flows}`]; })]);
  const texts = [
    table(["", "TCP (Mbit/s)", "round trip (ms)", "UDP lost (%)", "misses, masks per pass"], cost),
    table(["ratio of", "to", "throughput", "round trip (the other's over this one's)"], compared),
    table(["more for the first packet than for later ones (ms)", "median", "p95", "flows with loss", "nothing cached: median", "p95", "flows with loss"], first),
    `${measurements["flows"]} flows and ${measurements["devices"]} devices at *Intelligent Edge*; its gateway ${measurements["gateway resident MB"]!.toFixed(1)} MB resident.`,
  ];
  writeBetween(file, "npm run bench -- wifi-cost", texts.join("\n\n"));
}
