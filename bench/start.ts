// SPDX-License-Identifier: Apache-2.0
import { setup } from "../tools/setup/index.ts";
import type { Engine } from "../test/lab/gateway.ts";
import { empty, withDummySwitch } from "./lib/dummy-switch.ts";
import { BenchGateway, type Load } from "./lib/gateway.ts";
import { DEVICES, RULES } from "./lib/network.ts";
import { median, print, quantile } from "./lib/result.ts";

export const about = "from the start of the gateway's process to its flows in force on an empty switch";

const TARGET = 1000;
const LOADS: readonly { metric: string; load: Load; runs: number }[] = [
  { metric: "first-flow", load: { devices: 0, rules: 0 }, runs: 25 },
  { metric: "first-flow-loaded", load: { devices: DEVICES, rules: RULES }, runs: 9 },
];
const engines: readonly Engine[] = ["quickjs", "node"];

export async function run(): Promise<void> {
  await setup({ parts: ["packages", "openvswitch", "quickjs", "securebox"] });
  await withDummySwitch(async (ovs) => {
    for (const { metric, load, runs } of LOADS) {
      const times: Record<Engine, number[]> = { quickjs: [], node: [] };
      let flows = 0;
      for (let turn = 0; turn < runs; turn++) {
        for (const engine of engines) {
          await ovs.ofctl("del-meters", "br0");
          await empty(ovs);
          const gateway = await BenchGateway.prepare(ovs, engine, load);
          times[engine].push(await gateway.start());
          flows = await gateway.flows();
          await gateway.close();
        }
      }
      const value = median(times.quickjs), peerValue = median(times.node);
      print({
        bench: "start", metric, unit: "ms", value, p50: value, p99: quantile(times.quickjs, 0.99), peer: "the same bundle on Node", peerValue, ratio: value / peerValue,
        ...(value > TARGET && { missed: true as const }), note: `${load.devices} devices, ${flows} flows, ${runs} starts, seen by asking the switch every millisecond`,
      });
    }
  });
}
