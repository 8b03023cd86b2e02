// SPDX-License-Identifier: Apache-2.0
import { tmpdir } from "node:os";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { generate } from "./lib/of13-generator.ts";
import { end, program, start } from "./lib/program.ts";
import { median, print } from "./lib/result.ts";

export const about = "packet-in to flow-mod round trips per second, against ovs-testcontroller";

const RUNS = 5;
const WINDOW = 64;
const PEER = "ovs-testcontroller";

export async function run(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "securebox-bench-"));
  const socket = join(directory, "switch.mgmt");
  const controllers: Record<string, string[]> = {
    [PEER]: ["env", `OVS_RUNDIR=${directory}`, PEER, "-vconsole:off", `unix:${socket}`],
    quickjs: [...(await program("controller", "quickjs")), socket],
    node: [...(await program("controller", "node")), socket],
  };
  try {
    for (const [window, suffix] of [[WINDOW, ""], [1, "-one-at-a-time"]] as const) {
      const rates: Record<string, number[]> = {};
      // In turns, so that what else the machine does meets all of them alike.
      for (let turn = 0; turn < RUNS; turn++) {
        for (const [name, argv] of Object.entries(controllers)) (rates[name] ??= []).push(await measure(argv, socket, window));
      }
      const peerValue = median(rates[PEER]!);
      for (const metric of ["quickjs", "node"]) {
        const value = median(rates[metric]!);
        print({ bench: "packet-in", metric: metric + suffix, unit: "per second", value, peer: PEER, peerValue, ratio: value / peerValue, note: `${window} under way, ${RUNS} runs` });
      }
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function measure(argv: readonly string[], socket: string, window: number): Promise<number> {
  let child: ReturnType<typeof start> | undefined;
  const measured = window === 1 ? 5_000 : 50_000;
  try {
    return await generate({ socket, window, warmUp: measured / 10, measured, deadline: 60_000 }, () => (child = start(argv)));
  } finally {
    if (child) await end(child);
  }
}
