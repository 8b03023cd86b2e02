// SPDX-License-Identifier: Apache-2.0
import { setup } from "../tools/setup/index.ts";
import { sleep } from "../test/lab/command.ts";
import type { Engine } from "../test/lab/gateway.ts";
import { withDummySwitch } from "./lib/dummy-switch.ts";
import { BenchGateway, type Load } from "./lib/gateway.ts";
import { DEVICES, RULES } from "./lib/network.ts";
import { median, print } from "./lib/result.ts";

export const about = "resident memory of the gateway, settled, idle and with 250 devices and 10,000 flows";

const SETTLED = 60_000;
const GATEWAYS = 5;
const FLOWS = 10_000;
const TARGETS = { idle: 6, loaded: 10 };
const LOADS: Record<keyof typeof TARGETS, Load> = { idle: { devices: 0, rules: 0 }, loaded: { devices: DEVICES, rules: RULES } };

interface Measured {
  resident: number;
  peak: number;
  flows: number;
}

/** All at once, each on a switch of its own: they wait most of the time. */
export async function run(): Promise<void> {
  await setup({ parts: ["packages", "openvswitch", "quickjs", "securebox"] });
  for (const metric of ["idle", "loaded"] as const) {
    const load = LOADS[metric];
    const [ours, [peer]] = await Promise.all([Promise.all(Array.from({ length: GATEWAYS }, () => measure("quickjs", load))), Promise.all([measure("node", load)])]);
    const value = median(ours.map(({ resident }) => resident)), peerValue = peer!.resident;
    const flows = ours[0]!.flows;
    if (metric === "loaded" && ours.some((each) => each.flows < FLOWS)) throw new Error(`the loaded gateway has only ${flows} flows`);
    print({
      bench: "memory", metric, unit: "MB", value, peer: "the same bundle on Node", peerValue, ratio: value / peerValue, ...(value > TARGETS[metric] && { missed: true as const }),
      note: `VmRSS after ${SETTLED / 1000} s, median of ${GATEWAYS} processes; VmHWM ${median(ours.map(({ peak }) => peak)).toFixed(2)}, peer ${peer!.peak.toFixed(2)}; ${load.devices} devices, ${flows} flows`,
    });
  }
}

async function measure(engine: Engine, load: Load): Promise<Measured> {
  let measured: Measured | undefined;
  await withDummySwitch(async (ovs) => {
    const gateway = await BenchGateway.prepare(ovs, engine, load);
    try {
      await gateway.start();
      await sleep(SETTLED);
      measured = { ...gateway.memory(), flows: await gateway.flows() };
    } finally {
      await gateway.close();
    }
  });
  return measured!;
}
