// SPDX-License-Identifier: Apache-2.0
// The library tests on the CPUs of access points: programs of Debian's cross compilers, run by qemu-user.
import { spawnSync } from "node:child_process";
import { buildEmbedded, buildGateway } from "../compile/gateway.ts";
import { buildRunner } from "../compile/runtime.ts";
import { setupCpu, targetOf, type Target } from "../compile/target.ts";
import { discover, enginesOf } from "./discover.ts";
import { runAll } from "./run-all.ts";
import { knownGaps } from "./gaps.ts";
import type { Job, Outcome } from "./run-file.ts";
import type { Verdict } from "./verdict.ts";

/** Emulation makes JavaScript some ten to twenty times slower. Milliseconds. */
const deadline = 600_000;
const slow = { SECUREBOX_TEST_TIMEOUT: "240000" };

/** Where bytes become numbers and back: what a big-endian processor could get wrong. */
const codecs = ["packages/ubus-ts/test/codec", "packages/node-openvswitch/test/openflow/vectors", "packages/node-openvswitch/test/ovsdb/value", "packages/quickjs-ts/test/text", "packages/quickjs-ts/test/crypto", "packages/contract/test/canonical", "src/packets/test/vectors", "src/backend-link/test/x509"];

/** Test files that run on QuickJS. */
export function libraryTests(root: string, parts: readonly string[] = []): string[] {
  return discover(root).filter((file) => enginesOf(file).includes("quickjs") && (parts.length === 0 || parts.some((part) => file.includes(part))));
}

/** A known gap is told and counts as nothing. */
function withoutGaps(target: Target, outcome: Outcome): Outcome {
  const known = knownGaps(target, outcome);
  for (const { name, why } of known) process.stdout.write(`known "${name}": ${why}\n`);
  return { ...outcome, failed: outcome.failed - known.length };
}

export async function runLibraries(root: string, verdict: Verdict, target: Target, files: readonly string[]): Promise<void> {
  const jobs = files.map((file): Job => ({ file, engine: "quickjs", deadline }));
  const launcher = { node: [], quickjs: [...target.emulator, `${root}/build/${target.name}/quickjs-ts`] };
  verdict.add(await runAll(root, jobs, launcher, slow, (outcome) => withoutGaps(target, outcome)), target.name);
}

/** The codecs on big-endian MIPS: the part that every `npm test` has. */
export async function runBigEndian(root: string, verdict: Verdict): Promise<void> {
  const target = targetOf("mips");
  const ready = await verdict.step("big-endian MIPS: compiler, emulator, runtime", async () => {
    await setupCpu("mips");
    await buildRunner(root, "runner", target);
  });
  if (!ready) return;
  await runLibraries(root, verdict, target, libraryTests(root, codecs));
  await checkBytecode(root, verdict, target);
}

/** Runs a program of `target` to its end; its standard output. Throws with what it said unless its status is 0. */
function run(target: Target, program: string, ...args: string[]): string {
  const [command, ...words] = [...target.emulator, program, ...args];
  const { status, signal, stdout, stderr } = spawnSync(command!, words, { encoding: "utf8", timeout: 60_000 });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${signal ?? `exit status ${status}`}: ${stderr || stdout}`);
  return stdout;
}

/** Bytecode that this machine compiled and compressed is read by the target's engine, regular expressions in it too. */
export function checkBytecode(root: string, verdict: Verdict, target: Target): Promise<void> {
  return verdict.check(`${target.name}: bytecode of this machine`, async () => {
    const program = `${root}/build/${target.name}/embedded`;
    await buildEmbedded(root, { entry: "packages/quickjs-ts/test/bad/embedded.ts" }, program, target);
    const { expressions } = JSON.parse(run(target, program, "report")) as { expressions: boolean[] };
    if (expressions.length === 0 || expressions.includes(false)) throw new Error(`regular expressions: ${expressions.join()}`);
  });
}

/** The gateway's executable starts and does what needs no switch. */
export async function checkGateway(root: string, verdict: Verdict, target: Target): Promise<void> {
  let program = "";
  const built = await verdict.step(`${target.name}: securebox`, async () => {
    const { path, sizes } = await buildGateway(root, target);
    program = path;
    process.stdout.write(`      ${path} ${JSON.stringify(sizes)}\n`);
  });
  if (!built) return;
  await verdict.check(`${target.name}: securebox version`, () => expect(run(target, program, "version"), /\d+\.\d+\.\d+/));
  await verdict.check(`${target.name}: securebox policy check`, () => expect(run(target, program, "policy", "check", "tools/demo/policy.yaml"), /./));
}

function expect(text: string, pattern: RegExp): void {
  if (!pattern.test(text)) throw new Error(`expected ${pattern}, got ${JSON.stringify(text)}`);
}
