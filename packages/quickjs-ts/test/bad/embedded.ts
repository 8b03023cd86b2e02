// SPDX-License-Identifier: Apache-2.0
/* The program of embedded.node.test.ts and of the tests on other CPUs; line 7 is where it fails. */
import { platform } from "quickjs-ts/platform";

const { processes, timers } = platform;
function fail(where: string): never {
  throw new RangeError(`in a ${where}`);
}
async function failLater(): Promise<void> {
  await undefined;
  fail("promise");
}

/** Expressions compiled on one machine and used on another: numbers of one, two and four bytes in them. All are true. */
const expressions = (): boolean[] => [/^a{2,300}b$/.test("aaab"), !/^a{2,300}b$/.test("ab"), /[\u0100-\u017f]/u.test("\u0142"), /^[^\u{1f600}-\u{1f64f}]+$/u.test("text"), /(?<year>\d{4})-(?:x|y)*/.exec("2026-xyx")?.groups?.["year"] === "2026"];

function report(): void {
  const before = processes.memory().resident;
  processes.trimMemory();
  const after = processes.memory().resident;
  processes.stdout(JSON.stringify({ engine: platform.engine, arguments: processes.arguments, self: processes.self, expressions: expressions(), before, after }));
}

/** Runs the module apart once per input, and tells what came of each and the memory before and after, KiB. */
function apart(inputs: readonly string[]): void {
  const [module, ...rest] = inputs;
  processes.trimMemory();
  const before = processes.memory().resident;
  const results = rest.map((input) => {
    try {
      return processes.apart(module!, input);
    } catch (error) {
      return `${(error as Error).name}: ${(error as Error).message}`;
    }
  });
  processes.trimMemory();
  processes.stdout(JSON.stringify({ results, before, after: processes.memory().resident, peak: processes.memory().peak }));
}

const how = processes.arguments[0];
if (how === "callback") timers.after(1, () => fail("callback"));
else if (how === "rejection") void failLater();
else if (how === "apart") apart(processes.arguments.slice(1));
else report();
