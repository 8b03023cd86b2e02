// SPDX-License-Identifier: Apache-2.0
/* The program of embedded.node.test.ts; line 7 is where it fails. */
import { platform } from "quickjs-ts/platform";

const { processes, timers } = platform;
function fail(where: string): never {
  throw new RangeError(`in a ${where}`);
}
async function failLater(): Promise<void> {
  await undefined;
  fail("promise");
}

function report(): void {
  const before = processes.memory().resident;
  processes.trimMemory();
  const after = processes.memory().resident;
  processes.stdout(JSON.stringify({ engine: platform.engine, arguments: processes.arguments, self: processes.self, before, after }));
}

const how = processes.arguments[0];
if (how === "callback") timers.after(1, () => fail("callback"));
else if (how === "rejection") void failLater();
else report();
