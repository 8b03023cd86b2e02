// SPDX-License-Identifier: Apache-2.0
// The scenarios with real 802.11 frames, each in a machine of its own: every check in them held.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Outcome } from "../../qemu/harness/run.ts";
import { repositoryRoot } from "../lab/command.ts";

const root = repositoryRoot();
const test = suite("qemu scenarios");

function runs(scenario: string): Outcome {
  const { stdout, stderr } = spawnSync(join(root, "qemu/run"), [scenario, "--json", "--deadline", "200"], { cwd: root, encoding: "utf8", timeout: 280_000 });
  assert.ok(stdout, stderr);
  return JSON.parse(stdout) as Outcome;
}

/** `least`: checks that the scenario is known to have, so that none gets lost. `resident`: megabytes; the second has just done a lot, and no time to give memory back. */
for (const [scenario, least, resident] of [["smoke", 4, 6], ["intelligent-edge", 16, 8]] as const) test(`${scenario} on amd64`, () => {
  const { status, error, checks, measurements } = runs(scenario);
  assert.equal(checks.filter(({ ok }) => !ok), [], error);
  assert.is(status, 0, error);
  assert.ok(checks.length >= least, `${checks.length} checks`);
  assert.ok(measurements["gateway resident MB"]! <= resident, `${measurements["gateway resident MB"]} MB resident`);
});

test.run();
