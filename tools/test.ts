// SPDX-License-Identifier: Apache-2.0
/*
 * npm test                                   everything: setup, types, runtime, all tests, then the runtime's under sanitizers and valgrind, the codecs on a big-endian CPU
 * npm test -- [--engine node|quickjs|both] [PART-OF-A-PATH...]   only test files, those whose path contains one of the parts
 * npm test -- --runtime PROGRAM ...          QuickJS tests by another executable
 * npm run test:qemu                          test/qemu, virtual machines, on every architecture (SECUREBOX_MACHINES=all)
 * Needs root, or ends at once with status 2.
 * The last line is "N passed, N failed" (tests, and a step that failed counts as one); exit status 0 only when something ran and nothing failed.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { buildRunner } from "./compile/runtime.ts";
import { setup } from "./setup/index.ts";
import { runBigEndian } from "./test/emulated.ts";
import { bootsMachines, discover, enginesOf, isSystem } from "./test/discover.ts";
import { runAll } from "./test/run-all.ts";
import type { Engine } from "./test/bundle.ts";
import type { Job } from "./test/run-file.ts";
import { Verdict } from "./test/verdict.ts";

const root = process.cwd();
const options = { engine: { type: "string", default: "both" }, runtime: { type: "string", default: "" } } as const;
const { values, positionals } = parseArgs({ options, allowPositionals: true });
if (!["node", "quickjs", "both"].includes(values.engine)) throw new Error(`--engine ${values.engine}: expected node, quickjs or both`);

const verdict = new Verdict();

function checkTypes(): void {
  for (const project of [".", "backend/console"]) {
    const { status, stdout } = spawnSync("npx", ["--no-install", "tsc", "--noEmit", "-p", project], { cwd: root, encoding: "utf8" });
    if (status !== 0) throw new Error(`type errors\n${stdout}`);
  }
}

/** Milliseconds for a file. Emulated processors are slow. */
const deadlineOf = (file: string): number => (bootsMachines(file) ? 900_000 : isSystem(file) ? 300_000 : 120_000);

/** Image and programs are made once, before several boot. */
async function prepareMachine(): Promise<void> {
  const { runScenario } = await import("../qemu/harness/run.ts");
  const { machineOf } = await import("../qemu/recipe/machines.ts");
  const say = (line: string): void => void process.stdout.write(`[qemu] ${line}\n`);
  const { status, error } = await runScenario({ root, machine: machineOf("amd64"), scenario: `${root}/qemu/scenarios/nothing.sh`, settings: [], deadline: 120, memory: 512, progress: say, log: say });
  if (status !== 0) throw new Error(error ?? `the empty scenario ended with ${status}`);
}

function jobsFor(files: readonly string[], engines: readonly Engine[], slower = 1): Job[] {
  return files.flatMap((file) =>
    enginesOf(file).filter((engine) => engines.includes(engine)).map((engine) => ({ file, engine, deadline: slower * deadlineOf(file) })));
}

const node = [process.execPath, "--enable-source-maps"];
const runTests = async (jobs: Job[], runtime: readonly string[], env = {}): Promise<void> => verdict.add(await runAll(root, jobs, { node, quickjs: runtime }, env));

/** Only tests that use the platform enter our C code; pure ones would test the engine, at ten times the time. */
const usesPlatform = (file: string): boolean => file.startsWith("packages/quickjs-ts/") || readFileSync(file, "utf8").includes("quickjs-ts/platform");

/** The same tests once more, slower, where any memory error, undefined behaviour or leak ends the process with a status. */
async function runWatched(files: readonly string[]): Promise<void> {
  const slow = { SECUREBOX_TEST_TIMEOUT: "120000" };
  const own = files.filter((file) => file.startsWith("packages/quickjs-ts/"));
  if (await verdict.step("runtime with AddressSanitizer and UBSan", () => buildRunner(root, "sanitized")))
    await runTests(jobsFor(files, ["quickjs"], 3), [`${root}/build/quickjs-ts-sanitized`], { ...slow, UBSAN_OPTIONS: "print_stacktrace=1", ASAN_OPTIONS: "detect_leaks=1" });
  const valgrind = ["valgrind", "-q", "--error-exitcode=99", "--leak-check=full", "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite", "--child-silent-after-fork=yes"];
  if (await verdict.step("runtime for valgrind", () => buildRunner(root, "valgrind"))) await runTests(jobsFor(own, ["quickjs"], 3), [...valgrind, `${root}/build/quickjs-ts-valgrind`], slow);
}

if (process.getuid?.() !== 0) {
  process.stderr.write("The tests make network namespaces, virtual interfaces and daemons of their own, which only root may do: sudo npm test\n");
  process.exit(2);
}

const chosen = discover(root).filter((file) => positionals.length === 0 || positionals.some((part) => file.includes(part)));
const engines: Engine[] = values.engine === "both" ? ["node", "quickjs"] : [values.engine as Engine];
const everything = process.argv.length === 2;
const watched = chosen.filter(usesPlatform);

if (everything && (await verdict.step("setup", () => setup()))) await verdict.step("types", checkTypes);
if (chosen.some(bootsMachines)) await verdict.step("virtual machine: image, programs, first boot", prepareMachine);
if (values.runtime || !engines.includes("quickjs") || (await verdict.step("runtime", () => buildRunner(root))))
  await runTests(jobsFor(chosen, engines), [values.runtime || `${root}/build/quickjs-ts`]);
if (everything) await runWatched(watched);
if (everything) await runBigEndian(root, verdict);

verdict.tell();
