// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sleep } from "../test/lab/command.ts";
import { buildGateway, type EmbeddedSizes } from "../tools/compile/gateway.ts";
import { buildMbedtls } from "../tools/compile/mbedtls.ts";
import { cpus, setupCpu, type Target, targetOf } from "../tools/compile/target.ts";
import { setup } from "../tools/setup/index.ts";
import { withBackend } from "./lib/backend.ts";
import { withDummySwitch } from "./lib/dummy-switch.ts";
import { BenchGateway, type Load } from "./lib/gateway.ts";
import { guestOptions, type GuestUsage, guestUsage } from "./lib/guest.ts";
import { DEVICES, RULES } from "./lib/network.ts";
import { print } from "./lib/result.ts";

export const about = "size and resident memory of the gateway, as OpenWrt runs it, on every CPU that access points have, under qemu-user; writes the table in docs/cpus.md";

/** Half a minute after the start settings are confirmed, after a minute the start counts as a success. */
const SETTLED = 75_000;
const FLOWS = 10_000;
const NETWORK = "bench";
const POLICY = `network: ${NETWORK}\nrules:\n  - { from: all, to: internet, allow: [tcp/443] }\n`;
const TARGETS = { file: 1.5, idle: 6, linked: 8, loaded: 10 };
const loads: Record<State, Load> = { idle: { devices: 0, rules: 0, openwrt: true }, linked: { devices: 0, rules: 0, openwrt: true }, loaded: { devices: DEVICES, rules: RULES, openwrt: true } };
type State = "idle" | "linked" | "loaded";

interface Row { cpu: string; sizes: EmbeddedSizes; libraries: number; memory: Record<State, GuestUsage> }
/** The row that no emulator has a part in. */
const NATIVE = "x86-64, not emulated";

export async function run(): Promise<void> {
  await setup({ parts: ["packages", "openvswitch", "quickjs", "securebox"] });
  const rows: Row[] = [];
  await withBackend(NETWORK, POLICY, async (invite) => {
    for (const cpu of Object.keys(cpus)) {
      await setupCpu(cpu);
      rows.push(await measure(cpu, targetOf(cpu), () => invite(`on-${cpu}`)));
    }
    rows.push(await measure(NATIVE, targetOf("x86-64"), () => invite("native")));
  });
  const native = rows.find(({ cpu }) => cpu === NATIVE)!;
  for (const row of rows) tell(row, native);
  writeTable(rows, native);
}

const ofFiles = ({ resident, anonymous }: GuestUsage): number => resident - anonymous;
/** MB: what belongs to no file, of this CPU; the pages of files, of the run without emulator. */
const estimate = (row: Row, native: Row, state: State): number => row.memory[state].anonymous + ofFiles(native.memory[state]);

/** The three states at once: each gateway has a switch of its own, and waits most of the time. */
async function measure(cpu: string, target: Target, invite: () => Promise<string>): Promise<Row> {
  const emulated = cpu !== NATIVE;
  console.error(`[bench] cpu: ${cpu}`);
  const { path, sizes } = await buildGateway(process.cwd(), target);
  const [, ...options] = target.emulator, emulator = cpus[cpu]?.qemu[0];
  const program = emulated ? [emulator!, ...guestOptions, ...options, path] : [path];
  const [idle, linked, loaded] = await Promise.all([memory(program, emulated, "idle"), memory(program, emulated, "linked", await invite()), memory(program, emulated, "loaded")]);
  return { cpu, sizes, libraries: await librarySize(target), memory: { idle, linked, loaded } };
}

async function memory(program: readonly string[], emulated: boolean, state: State, token?: string): Promise<GuestUsage> {
  let usage: GuestUsage | undefined;
  await withDummySwitch(async (ovs) => {
    const gateway = await BenchGateway.prepare(ovs, "quickjs", loads[state], program);
    try {
      await gateway.start();
      if (token !== undefined) await gateway.enrol(token);
      await sleep(SETTLED);
      usage = guestUsage(gateway.pid, emulated ? undefined : 0);
      if (token !== undefined && !(await gateway.status()).backend?.synchronised) throw new Error("the link went down");
      if (state === "loaded" && (await gateway.flows()) < FLOWS) throw new Error(`the loaded gateway has only ${await gateway.flows()} flows`);
      await gateway.settledOnOpenwrt();
    } finally {
      await gateway.close();
    }
  });
  return usage!;
}

/** Bytes of mbedTLS's three shared libraries, which an access point has for other programs, too. */
async function librarySize(target: Target): Promise<number> {
  const { libraries } = await buildMbedtls(process.cwd(), target);
  const files = readdirSync(libraries).filter((name) => name.endsWith(".so")).map((name) => realpathSync(join(libraries, name)));
  return files.reduce((sum, file) => sum + statSync(file).size, 0);
}

function tell(row: Row, native: Row): void {
  const { cpu, sizes, libraries, memory } = row, size = sizes.file / 1e6;
  print({ bench: "cpu", metric: `${cpu}: executable`, unit: "MB", value: size, ...(size > TARGETS.file && { missed: true as const }), note: `bytecode ${sizes.compressed} B compressed; mbedTLS 3.6 beside it ${libraries} B` });
  for (const state of ["idle", "linked", "loaded"] as const) {
    const value = estimate(row, native, state), { resident, anonymous, files } = memory[state];
    const parts = [...files].filter(([, part]) => part > 0.01).map(([name, part]) => `${name} ${part.toFixed(2)}`);
    const note = `after ${SETTLED / 1000} s: of no file ${anonymous.toFixed(2)}, of files ${ofFiles(native.memory[state]).toFixed(2)} on x86-64; counted here ${resident.toFixed(2)} in all; ${parts.join(", ")}`;
    print({ bench: "cpu", metric: `${cpu}: ${state}`, unit: "MB", value, ...(value > TARGETS[state] && { missed: true as const }), note });
  }
}

/** Between the two comments in docs/cpus.md, which name this command. */
function writeTable(rows: readonly Row[], native: Row): void {
  const file = join(process.cwd(), "docs/cpus.md");
  const cell = (row: Row, state: State): string => `${estimate(row, native, state).toFixed(1)} (${row.memory[state].anonymous.toFixed(2)} + ${ofFiles(row.memory[state]).toFixed(2)})`;
  const lines = rows.map((row) => `| ${[row.cpu, cpus[row.cpu]?.openwrt ?? "", (row.sizes.file / 1e6).toFixed(2), (row.libraries / 1e6).toFixed(2), cell(row, "idle"), cell(row, "linked"), cell(row, "loaded")].join(" | ")} |`);
  const table = ["| CPU | OpenWrt target, for example | executable | mbedTLS 3.6 | idle | linked | loaded |", "|---|---|---|---|---|---|---|", ...lines].join("\n");
  writeFileSync(file, readFileSync(file, "utf8").replace(/(<!-- begin[^>]*-->\n)[^]*(<!-- end -->)/, (_, begin: string, end: string) => `${begin}${table}\n${end}`));
}
