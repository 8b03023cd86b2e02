// SPDX-License-Identifier: Apache-2.0
// What qemu/run says of scenarios that end badly, and that nothing stays behind however it ends. One boot each, of four to six seconds.
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Outcome } from "../../qemu/harness/run.ts";
import { repositoryRoot, until } from "../lab/command.ts";

const root = repositoryRoot();
const test = suite("qemu/run");

function runs(scenario: string, ...more: string[]): { status: number | null; outcome: Outcome; stderr: string } {
  const { status, stdout, stderr } = spawnSync(join(root, "qemu/run"), [`test/qemu/${scenario}.sh`, "--json", ...more], { cwd: root, encoding: "utf8", timeout: 280_000 });
  return { status, outcome: JSON.parse(stdout) as Outcome, stderr };
}

/** Process ids of emulators whose share is of a run of process `harness`; other tests have theirs. */
function guests(harness: number): number[] {
  const cmdline = (pid: string): string => { try { return readFileSync(`/proc/${pid}/cmdline`, "utf8"); } catch { return ""; } };
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name) && cmdline(name).startsWith("qemu-system-") && cmdline(name).includes(join(root, "build/qemu/runs")) && cmdline(name).includes(`-${harness}/`)).map(Number);
}

test("a scenario's exit status is ours", () => {
  const { status, outcome, stderr } = runs("fails");
  assert.is(status, 7);
  assert.is(outcome.status, 7);
  assert.match(stderr, /about to fail/);
});

test("a scenario that hangs is ended at the deadline: 124", () => {
  const { status, outcome, stderr } = runs("hangs", "--deadline", "25");
  assert.is(status, 124);
  assert.match(outcome.error!, /no result within 25 s/);
  assert.match(stderr, /about to hang/);
  assert.ok(outcome.seconds < 30, `${outcome.seconds} s`);
});

test("a guest that crashes gives no status: 125, with the console's last words", () => {
  const { status, outcome } = runs("crashes");
  assert.is(status, 125);
  assert.match(outcome.error!, /sysrq|panic/i);
});

async function hanging(): Promise<ChildProcess> {
  const child = spawn(join(root, "qemu/run"), ["test/qemu/hangs.sh", "--deadline", "120"], { cwd: root, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => (said += text));
  await until("the scenario", 100_000, () => { assert.is(child.exitCode, null, said); return said.includes("about to hang"); });
  assert.is(guests(child.pid!).length, 1);
  return child;
}

for (const signal of ["SIGKILL", "SIGTERM"] as const) test(`no guest outlives the harness: ${signal}`, async () => {
  const child = await hanging();
  child.kill(signal);
  await until("the guest's end", 10_000, () => guests(child.pid!).length === 0);
});

test("a wrong command says what was expected", () => {
  for (const [argv, words] of [[["nosuch"], /scenario nosuch: expected .*smoke/], [["smoke", "--arch", "vax"], /--arch vax: expected amd64, arm64/], [["smoke", "--deadline", "0"], /--deadline 0: expected/]] as const) {
    const { status, stderr } = spawnSync(join(root, "qemu/run"), [...argv], { cwd: root, encoding: "utf8", timeout: 60_000 });
    assert.is(status, 2);
    assert.match(stderr, words);
  }
});

test.run();
