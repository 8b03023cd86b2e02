// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { platform } from "quickjs-ts/platform";
import { bytes, run, scratch, until } from "./lib/streams.ts";

const test = suite("process");
const { processes, signals } = platform;

test("a child gets arguments and input, and gives output and status", async () => {
  const { code, signal, stdout, stderr } = await run(["sh", "-c", 'cat; echo "$1" >&2; exit 3', "sh", "two words"], "from stdin");
  assert.equal([code, signal, stdout, stderr], [3, null, "from stdin", "two words\n"]);
});

test("exit comes after all output, megabytes of it", async () => {
  let size = 0;
  let atExit = -1;
  await new Promise<void>((resolve) => processes.spawn(["head", "-c", "3000000", "/dev/zero"], { stdout: (chunk) => { size += chunk.length; }, exit() { atExit = size; resolve(); } }));
  assert.is(atExit, 3_000_000);
});

test("a child that a signal ends says which", async () => {
  const ended = await new Promise((resolve) => {
    const child = processes.spawn(["sleep", "60"], { exit: (code, signal) => resolve([code, signal]) });
    child.kill("SIGKILL");
  });
  assert.equal(ended, [null, "SIGKILL"]);
});

test("environment and directory are as asked", async () => {
  const output = await new Promise<string>((resolve) => {
    let text = "";
    processes.spawn(["/bin/sh", "-c", 'echo "$A $B"; pwd'], { stdout: (chunk) => { text += new TextDecoder().decode(chunk); }, exit: () => resolve(text) },
      { env: { A: "1", B: "zwei" }, cwd: "/usr" });
  });
  assert.is(output, "1 zwei\n/usr\n");
});

test("a missing program, one that may not be run and a missing directory are refused before anything ran", () => {
  const plain = `${scratch("process")}/plain`;
  platform.files.replace(plain, "no program");
  const refusal = (code: string) => (error: { code: string; name: string }) => error.name === "PlatformError" && error.code === code;
  assert.throws(() => processes.spawn(["no-such-program"], { exit() {} }), refusal("ENOENT"));
  assert.throws(() => processes.spawn([plain], { exit() {} }), refusal("EACCES"));
  assert.throws(() => processes.spawn(["true"], { exit() {} }, { cwd: "/no/such/directory" }), refusal("ENOENT"));
});

test("writing to a child that has gone does no harm", async () => {
  await new Promise<void>((resolve) => {
    const child = processes.spawn(["true"], { exit: () => { child.write(bytes("too late")); child.closeStdin(); resolve(); } }, { stdin: "pipe" });
    child.write(new Uint8Array(100_000));
  });
});

test("children do not inherit our blocked signals or descriptors", async () => {
  const stop = signals.on("SIGTERM", () => {});
  const watch = platform.files.watch("/tmp/x", () => {});
  const { stdout } = await run(["sh", "-c", "grep SigBlk /proc/self/status; ls -l /proc/self/fd"]);
  stop();
  watch.close();
  assert.match(stdout, /SigBlk:\s+0000000000000000\n/);
  assert.not.match(stdout, /inotify|epoll|signalfd/);
});

test("a signal runs its handlers, each until it is taken off", async () => {
  const seen: string[] = [];
  const first = signals.on("SIGUSR2", () => seen.push("first"));
  const second = signals.on("SIGUSR2", () => seen.push("second"));
  processes.kill(processes.pid, "SIGUSR2");
  await until(() => seen.length === 2, "both handlers");
  first();
  processes.kill(processes.pid, "SIGUSR2");
  await until(() => seen.length === 3, "the second handler");
  assert.equal(seen, ["first", "second", "second"]);
  second();
});

test("an unknown process is refused by name", () => {
  assert.throws(() => processes.kill(2 ** 22 + 1, "SIGTERM"), (error: { code: string }) => error.code === "ESRCH");
});

test("memory is measured, trimming works", () => {
  const { resident, peak } = processes.memory();
  assert.ok(resident > 1e6 && peak >= resident);
  processes.trimMemory();
  assert.is(processes.environment("SECUREBOX_NO_SUCH_NAME"), undefined);
  assert.ok(processes.environment("PATH")!.length > 0);
  assert.ok(processes.self.length > 0 && processes.pid > 1);
});

test("a stack leads to this file", () => {
  const stack = processes.stackOf(new RangeError("for the stack"));
  assert.match(stack, /^RangeError: for the stack\n/);
  assert.match(stack, /packages\/quickjs-ts\/test\/process\.test\.ts:\d+:\d+/);
});

test.run();
