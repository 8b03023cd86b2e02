// SPDX-License-Identifier: Apache-2.0
import { spawn } from "node:child_process";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { residentBelow, spent } from "../../tools/test/spent.ts";

const test = suite("what tests take");
/** Touches each page of as many megabytes, says so and waits for its input to end. */
const HOLD = "const b = Buffer.alloc(150e6, 1); console.log(b.length); process.stdin.resume()";

function holding(command: string, argv: readonly string[]): Promise<{ end(): Promise<void> }> {
  const child = spawn(command, argv, { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise<void>((resolve) => void child.once("exit", () => resolve()));
  return new Promise((resolve) => void child.stdout.once("data", () => resolve({ end: () => (child.stdin.end(), ended) })));
}

test("memory of what a process started, and of what that started, counts until it ends", async () => {
  const before = residentBelow(process.pid);
  const grandchild = await holding("sh", ["-c", '"$0" -e "$1"; true', process.execPath, HOLD]);
  const during = residentBelow(process.pid);
  await grandchild.end();
  const after = residentBelow(process.pid);
  assert.ok(during - before > 150e6 && during - before < 400e6, `${before} before, ${during} during`);
  assert.ok(during - after > 150e6, `${during} during, ${after} after`);
});

test("the most is told, also of what ended before", async () => {
  const { seconds, megabytes } = await spent(async () => {
    const child = await holding(process.execPath, ["-e", HOLD]);
    await new Promise((resolve) => setTimeout(resolve, 1200));
    await child.end();
  });
  assert.ok(seconds >= 1 && megabytes > 150, `${seconds} s, ${megabytes} MB`);
});

test.run();
