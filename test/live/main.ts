// SPDX-License-Identifier: Apache-2.0
import { platform } from "quickjs-ts/platform";
import type { Check } from "./ovsdb.ts";

/** Runs every check against the socket named by the last argument; a line per check on standard output. */
export function runChecks(checks: Record<string, Check>): void {
  void (async () => {
    const socket = platform.processes.arguments.at(-1)!;
    for (const [name, check] of Object.entries(checks)) {
      const outcome = await check(platform, socket).then(() => `ok ${name}`, (error: Error) => `${name}: ${error.message} ${error.stack ?? ""}`.replace(/\n/g, " | "));
      platform.processes.stdout(`${outcome}\n`);
    }
    platform.processes.exit(0);
  })();
}
