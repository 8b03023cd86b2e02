// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { prefix } from "../packages/ubus-ts/test/bus.ts";
import { setup } from "../tools/setup/index.ts";
import { buildEmbedded, GATEWAY } from "../tools/compile/gateway.ts";
import { sleep } from "../test/lab/command.ts";
import type { Engine } from "../test/lab/gateway.ts";
import { withBackend } from "./lib/backend.ts";
import { withDummySwitch } from "./lib/dummy-switch.ts";
import { BenchGateway, type Load } from "./lib/gateway.ts";
import { DEVICES, RULES } from "./lib/network.ts";
import { median, print } from "./lib/result.ts";

export const about = "resident memory of the gateway, settled: idle, with its link to a backend up, and with 250 devices and 10,000 flows; each alone and as OpenWrt runs it (OPENWRT_PREFIX names the real ubusd)";

/** As OpenWrt runs it settings are confirmed half a minute after the start, and the start counts as a success after a minute. */
const SETTLED = 75_000;
const GATEWAYS = 5;
const FLOWS = 10_000;
const NETWORK = "bench";
const POLICY = `network: ${NETWORK}\nrules:\n  - { from: all, to: internet, allow: [tcp/443] }\n`;
const IDLE: Load = { devices: 0, rules: 0 };
const LOADED: Load = { devices: DEVICES, rules: RULES };
const OPENWRT_IDLE: Load = { ...IDLE, openwrt: true };
const OPENWRT_LOADED: Load = { ...LOADED, openwrt: true };
const TARGETS = { idle: 6, "link-idle": 8, loaded: 10, "openwrt-idle": 6, "openwrt-linked": 8, "openwrt-loaded": 10 };
type Metric = keyof typeof TARGETS;

interface Measured {
  resident: number;
  peak: number;
  flows: number;
}

export async function run(): Promise<void> {
  await setup({ parts: ["packages", "openvswitch", "quickjs", "securebox"] });
  const idle = await compare("idle", IDLE);
  const openwrtIdle = await compare("openwrt-idle", OPENWRT_IDLE);
  await withBackend(NETWORK, POLICY, async (invite) => {
    let count = 0;
    const cost = await costOfMqtt();
    const linked = (metric: Metric, load: Load, without: number): Promise<number> => compare(metric, load, () => invite(`gw-${++count}`),
      (value) => `enrolled, started anew, welcomed over TLS; the link costs ${(value - without).toFixed(2)} MB: link, TLS connection, MQTT; ${cost}`);
    await linked("link-idle", IDLE, idle);
    await linked("openwrt-linked", OPENWRT_IDLE, openwrtIdle);
  });
  await compare("loaded", LOADED);
  await compare("openwrt-loaded", OPENWRT_LOADED);
}

/** All at once, each on a switch of its own: they wait most of the time. Returns the median of those on QuickJS. */
async function compare(metric: Metric, load: Load, invite?: () => Promise<string>, more?: (value: number) => string): Promise<number> {
  const one = async (engine: Engine): Promise<Measured> => measure(engine, load, await invite?.());
  const [peer, ...ours] = await Promise.all([one("node"), ...Array.from({ length: GATEWAYS }, () => one("quickjs"))]);
  const value = median(ours.map(({ resident }) => resident)), peerValue = peer.resident;
  if (load.rules > 0 && ours.some(({ flows }) => flows < FLOWS)) throw new Error(`the loaded gateway has only ${ours[0]!.flows} flows`);
  print({
    bench: "memory", metric, unit: "MB", value, peer: "the same bundle on Node", peerValue, ratio: value / peerValue, ...(value > TARGETS[metric] && { missed: true as const }),
    note: `VmRSS after ${SETTLED / 1000} s, median of ${GATEWAYS} processes; VmHWM ${median(ours.map(({ peak }) => peak)).toFixed(2)}, peer ${peer.peak.toFixed(2)}; ${load.devices} devices, ${ours[0]!.flows} flows${load.openwrt ? `; UCI, ubus, transactions, ubusd: ${prefix ? "real" : "stand-in"}` : ""}${more ? `; ${more(value)}` : ""}`,
  });
  return value;
}

/** `token`: the gateway enrols by it and is measured with its link up. */
async function measure(engine: Engine, load: Load, token?: string): Promise<Measured> {
  let measured: Measured | undefined;
  await withDummySwitch(async (ovs) => {
    const gateway = await BenchGateway.prepare(ovs, engine, load);
    try {
      await gateway.start();
      if (token !== undefined) await gateway.enrol(token);
      await sleep(SETTLED);
      measured = { ...gateway.memory(), flows: await gateway.flows() };
      if (token !== undefined && !(await gateway.status()).backend?.synchronised) throw new Error("the link went down");
      if (load.openwrt) await gateway.settledOnOpenwrt();
    } finally {
      await gateway.close();
    }
  });
  return measured!;
}

/** Size of MQTT's module in the executable, which also tells whether it is one that other gateways do not load. */
async function costOfMqtt(): Promise<string> {
  const { mqtt, file } = await buildEmbedded(process.cwd(), GATEWAY, join(process.cwd(), "build/bench/securebox"));
  if (mqtt === 0) throw new Error("MQTT has no module of its own in the executable");
  return `MQTT.js takes ${mqtt} of the executable's ${file} bytes`;
}
