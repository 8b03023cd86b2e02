// SPDX-License-Identifier: Apache-2.0
import { empty, withDummySwitch } from "./lib/dummy-switch.ts";
import { output, program } from "./lib/program.ts";
import { median, print, quantile } from "./lib/result.ts";
import type { Changes } from "./programs/change.ts";

export const about = "one device changing in networks of 10, 50 and 250 devices: flow-mods, and time until they are in force";

const NETWORKS = [10, 50, 250];
const TIMES = 200;
/** "Independent of the network's size": the largest network may take this much longer than the smallest, which is what timers and the other load make of equal work. */
const TOLERANCE = 1.5;

export const run = (): Promise<void> => withDummySwitch(async (ovs) => {
  const argv = await program("change", "quickjs");
  const measured = new Map<number, Changes>();
  for (const size of NETWORKS) {
    await empty(ovs);
    measured.set(size, await output<Changes>([...argv, ovs.mgmtSocket("br0"), String(size), String(TIMES)]));
  }
  const smallest = measured.get(NETWORKS[0]!)!;
  const largest = NETWORKS.at(-1)!;
  report("", "join", largest, measured.get(largest)!["join"]!, smallest["join"]!);
  for (const kind of ["join", "address"]) for (const [size, changes] of measured) report(`-${kind}-${size}`, kind, size, changes[kind]!, smallest[kind]!);
});

/** `flow-mods` and `time` themselves are a device joining the largest network against one joining the smallest; then every case by name. */
function report(suffix: string, kind: string, size: number, { flowMods, ms }: Changes[string], smallest: Changes[string]): void {
  const base = { bench: "change", note: `${kind === "join" ? "a device joins" : "a device gets one more address"}, ${size} devices, ${TIMES} times on QuickJS` };
  const [mods, time] = [median(flowMods), median(ms)];
  const ratios = { flowMods: mods / median(smallest.flowMods), time: time / median(smallest.ms) };
  const peer = `${NETWORKS[0]} devices`;
  print({ ...base, metric: `flow-mods${suffix}`, unit: "flow-mods", value: mods, peer, peerValue: median(smallest.flowMods), ratio: ratios.flowMods, ...(ratios.flowMods > TOLERANCE && { missed: true as const }) });
  print({ ...base, metric: `time${suffix}`, unit: "ms", value: time, p50: time, p99: quantile(ms, 0.99), peer, peerValue: median(smallest.ms), ratio: ratios.time, ...(ratios.time > TOLERANCE && { missed: true as const }) });
}
