// SPDX-License-Identifier: Apache-2.0
/* Runs the suites that the test file queued and ends the process. Imported last in every test bundle. */
import { platform } from "quickjs-ts/platform";
import { exec, tally } from "./uvu.ts";

/** The runner reads the result from this line; a process that ends without it has died. */
function finish(reason: string): never {
  const failed = tally.registered - tally.passed + tally.hookFailures;
  const nothing = tally.registered === 0;
  if (!reason && tally.started < tally.registered) platform.processes.stderr(`${tally.registered - tally.started} of ${tally.registered} tests never ran (is suite.run() missing, did a hook throw?)\n`);
  if (reason || nothing) platform.processes.stderr(`${reason || "the file has no tests"}\n`);
  platform.processes.stdout(`#tests ${JSON.stringify({ passed: tally.passed, failed: reason || nothing ? Math.max(1, failed) : failed })}\n`);
  return platform.processes.exit(reason || nothing || failed ? 1 : 0);
}

const deadline = Number(platform.processes.environment("SECUREBOX_TEST_DEADLINE") ?? 120_000);
platform.timers.after(deadline, () => finish(`deadline of ${deadline} ms passed while "${tally.running}" ran`));
exec().then(() => finish(""), (error: unknown) => finish(`uvu stopped: ${String(error)}\n${(error as Error)?.stack ?? ""}`));
