// SPDX-License-Identifier: Apache-2.0
// A scenario with real 802.11 frames, in a machine of its own: every check in it held.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Outcome } from "../../qemu/harness/run.ts";
import { repositoryRoot } from "../lab/command.ts";

interface Expected {
  /** Checks that the scenario is known to have, so that none gets lost. */
  least: number;
  /** The gateway's memory at the end, megabytes. */
  resident?: number;
  arch?: string;
  settings?: readonly string[];
}

/** Seconds for a machine; longer than any takes on a busy computer. */
const DEADLINE = 600;

export function testScenario(name: string, { least, resident, arch = "amd64", settings = [] }: Expected): void {
  const test = suite(`${name} on ${arch}`);
  test("every check holds", async () => {
    const { status, error, checks, measurements } = await runs([name, "--arch", arch, "--json", "--deadline", String(DEADLINE), ...settings]);
    assert.equal(checks.filter(({ ok }) => !ok), [], error);
    assert.is(status, 0, error);
    assert.ok(checks.length >= least, `${checks.length} checks`);
    if (resident) assert.ok(measurements["gateway resident MB"]! <= resident, `${measurements["gateway resident MB"]} MB resident`);
  });
  test.run();
}

/** Rejects with what the command says when it has no result. */
function runs(argv: readonly string[]): Promise<Outcome> {
  const root = repositoryRoot();
  return new Promise((resolve, reject) => {
    const child = spawn(join(root, "qemu/run"), argv, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    const [said, complained]: [string[], string[]] = [[], []];
    child.stdout.setEncoding("utf8").on("data", (text: string) => said.push(text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => complained.push(text));
    child.on("close", () => (said.length > 0 ? resolve(JSON.parse(said.join("")) as Outcome) : reject(new Error(complained.join("")))));
  });
}
