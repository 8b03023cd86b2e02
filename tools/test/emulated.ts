// SPDX-License-Identifier: Apache-2.0
// The library tests on the CPUs of access points: programs of Debian's cross compilers, run by qemu-user.
import { spawnSync } from "node:child_process";
import { buildGateway } from "../compile/gateway.ts";
import { buildRunner } from "../compile/runtime.ts";
import { setupCpu, targetOf, type Target } from "../compile/target.ts";
import { discover, enginesOf } from "./discover.ts";
import { runAll } from "./run-all.ts";
import type { Job } from "./run-file.ts";
import type { Verdict } from "./verdict.ts";

/** Emulation makes JavaScript some ten to twenty times slower. Milliseconds. */
const deadline = 600_000;
const slow = { SECUREBOX_TEST_TIMEOUT: "240000" };

/** Where bytes become numbers and back: what a big-endian processor could get wrong. */
const codecs = ["packages/node-openvswitch/test/openflow/vectors", "packages/node-openvswitch/test/ovsdb/value", "packages/quickjs-ts/test/text", "packages/quickjs-ts/test/crypto", "packages/contract/test/canonical", "src/packets/test/vectors", "src/backend-link/test/x509"];

/** Test files that run on QuickJS. */
export function libraryTests(root: string, parts: readonly string[] = []): string[] {
  return discover(root).filter((file) => enginesOf(file).includes("quickjs") && (parts.length === 0 || parts.some((part) => file.includes(part))));
}

export async function runLibraries(root: string, verdict: Verdict, target: Target, files: readonly string[]): Promise<void> {
  const jobs = files.map((file): Job => ({ file, engine: "quickjs", deadline }));
  verdict.add(await runAll(root, jobs, { node: [], quickjs: [...target.emulator, `${root}/build/${target.name}/quickjs-ts`] }, slow), target.name);
}

/** The codecs on big-endian MIPS: the part that every `npm test` has. */
export async function runBigEndian(root: string, verdict: Verdict): Promise<void> {
  const target = targetOf("mips");
  const ready = await verdict.step("big-endian MIPS: compiler, emulator, runtime", async () => {
    await setupCpu("mips");
    await buildRunner(root, "runner", target);
  });
  if (ready) await runLibraries(root, verdict, target, libraryTests(root, codecs));
}

/** The gateway's executable starts, evaluates its compressed bytecode, and does what needs no switch. */
export async function checkGateway(root: string, verdict: Verdict, target: Target): Promise<void> {
  let program = "";
  const run = (...args: string[]): string => {
    const { status, stdout, stderr } = spawnSync(target.emulator[0] ?? program, target.emulator.length > 0 ? [...target.emulator.slice(1), program, ...args] : args, { encoding: "utf8", timeout: 60_000 });
    if (status !== 0) throw new Error(`securebox ${args.join(" ")}: exit status ${status}: ${stderr || stdout}`);
    return stdout;
  };
  const built = await verdict.step(`${target.name}: securebox`, async () => {
    const { path, sizes } = await buildGateway(root, target);
    program = path;
    process.stdout.write(`      ${path} ${JSON.stringify(sizes)}\n`);
  });
  if (!built) return;
  await verdict.check(`${target.name}: securebox version`, () => { if (!/\d+\.\d+\.\d+/.test(run("version"))) throw new Error(`printed no version: ${run("version")}`); });
  await verdict.check(`${target.name}: securebox policy check`, () => void run("policy", "check", "--policy", "tools/demo/policy.yaml"));
}
