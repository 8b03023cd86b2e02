// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { runScenario } from "../qemu/harness/run.ts";
import { machineOf } from "../qemu/recipe/machines.ts";
import { table, writeBetween } from "../qemu/table.ts";
import { median, print, quantile } from "./lib/result.ts";

export const about = "how long a station that moves between two access points once a second is not heard, ours against plain ones; writes the table in docs/qemu.md";

const HANDOVERS = 60;
const DEADLINE = 1500;

interface Roaming { roaming: string; gaps: number[] }
const isRoaming = (record: unknown): record is Roaming => Array.isArray((record as Partial<Roaming>).gaps);

export async function run(): Promise<void> {
  const root = process.cwd();
  const say = (line: string): void => console.error(line);
  const outcome = await runScenario({ root, machine: machineOf("amd64"), scenario: join(root, "qemu/scenarios/intelligent-edge.ts"), settings: [`handovers=${HANDOVERS}`], deadline: DEADLINE, memory: 512, progress: say, log: say });
  const wrong = outcome.checks.filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail}`);
  if (outcome.status !== 0) throw new Error(`status ${outcome.status}; ${[...wrong, outcome.error ?? ""].join("; ")}`);
  const gaps = new Map(outcome.records.filter(isRoaming).map((record) => [record.roaming, record.gaps]));
  for (const peer of ["printer", "router"]) report(peer, gaps.get(peer)!, gaps.get(`plain ${peer}`)!);
  const quantiles = [0.1, 0.5, 0.9, 0.95, 1];
  const rows = ["printer", "router"].flatMap((peer) => [["plain", `plain ${peer}`], ["ours", peer]].map(([kind, name]) => [peer, kind!, ...quantiles.map((q) => quantile(gaps.get(name!)!, q).toFixed(0))]));
  writeBetween(join(root, "docs/qemu.md"), "npm run bench -- wifi-roaming", table(["talking to the", "access points", "10 % (ms)", "median", "90 %", "95 %", "longest"], rows));
}

function report(peer: string, ours: readonly number[], plain: readonly number[]): void {
  const value = median(ours), other = median(plain);
  print({ bench: "wifi-roaming", metric: `gap, talking to the ${peer}`, unit: "ms", value, p50: value, p99: quantile(ours, 0.99), peer: "plain access points", peerValue: other, ratio: other / value, note: `${ours.length} handovers; ratio is the peer's time over ours; plain p99 ${quantile(plain, 0.99).toFixed(0)}` });
}
