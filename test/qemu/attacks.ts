// SPDX-License-Identifier: Apache-2.0
// Every attack on a target, in a machine of its own.
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { AttackRecord } from "../../tools/attacks/table.ts";
import { repositoryRoot } from "../lab/command.ts";

/** Fewer were lost on the way. */
const slugs = readdirSync(`${repositoryRoot()}/test/attacks/suite`).filter((name) => /^[a-z0-9-]+\.ts$/.test(name) && name !== "index.ts").map((name) => name.slice(0, -3));

export function testAttacks(target: string): void {
  const test = suite(`attacks on ${target}`);
  test("each comes out as expected, and is one of the suite", async () => {
    const { status, stdout, stderr } = await run(["tools/run.mjs", "tools/attacks.ts", "--json", "--target", target]);
    const records = stdout.split("\n").filter(Boolean).map((line) => JSON.parse(line) as AttackRecord);
    const surprises = records.filter(({ expected, result }) => expected !== result);
    assert.equal(surprises, [], stderr);
    assert.is(status, 0, stderr);
    assert.equal(records.map(({ attack }) => attack).sort(), slugs.sort());
    for (const { attack, expected, reason } of records) if (target !== "plain" && expected !== "blocked") assert.ok(reason, `${attack} ${expected}, for no reason`);
  });
  test.run();
}

function run(argv: readonly string[]): Promise<{ status: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, argv, { cwd: repositoryRoot(), stdio: ["ignore", "pipe", "pipe"] });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.on("close", (status) => resolve({ status, stdout, stderr }));
  });
}
