// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { OvsInstance } from "../test/lab/openvswitch.ts";
import { empty, flowCount, withDummySwitch } from "./lib/dummy-switch.ts";
import { type Engine, output, program } from "./lib/program.ts";
import { median, print } from "./lib/result.ts";

export const about = "10,000 compiled flows into a real switch in one bundle, against ovs-ofctl --bundle add-flows";

const FLOWS = 10_000;
const RUNS = 7;
const PEER = "ovs-ofctl --bundle add-flows";
const TARGET = 2;
const engines: readonly Engine[] = ["quickjs", "node"];

export const run = (): Promise<void> => withDummySwitch(async (ovs) => {
  const text = join(ovs.directory, "flows.txt");
  const times = new Map<string, number[]>([[PEER, []], ...engines.map((engine): [string, number[]] => [engine, []])]);
  for (let turn = 0; turn < RUNS; turn++) {
    for (const engine of engines) times.get(engine)!.push(await ours(ovs, engine));
    if (turn === 0) writeFileSync(text, await ovs.ofctl("--no-stats", "dump-flows", "br0"));
    times.get(PEER)!.push(await theirs(ovs, text));
  }
  const peerValue = median(times.get(PEER)!);
  for (const engine of engines) {
    const value = median(times.get(engine)!);
    const ratio = value / peerValue;
    print({
      bench: "install", metric: engine === "quickjs" ? "10k-flows" : "10k-flows-node", unit: "ms", value, peer: PEER, peerValue, ratio, ...(ratio > TARGET && { missed: true as const }),
      note: `on ${engine}, Open vSwitch ${ovs.version}, medians of ${RUNS}; ours from flows in memory to the acknowledged commit, the peer's whole process`,
    });
  }
});

async function ours(ovs: OvsInstance, engine: Engine): Promise<number> {
  await empty(ovs);
  const { ms } = await output<{ flows: number; ms: number }>([...(await program("install", engine)), ovs.mgmtSocket("br0"), String(FLOWS)]);
  await expect(ovs, engine);
  return ms;
}

async function theirs(ovs: OvsInstance, text: string): Promise<number> {
  await empty(ovs);
  const start = performance.now();
  await ovs.ofctl("--bundle", "add-flows", "br0", text);
  const taken = performance.now() - start;
  await expect(ovs, PEER);
  return taken;
}

async function expect(ovs: OvsInstance, by: string): Promise<void> {
  const count = await flowCount(ovs);
  if (count !== FLOWS) throw new Error(`${by} left ${count} flows instead of ${FLOWS}`);
}
