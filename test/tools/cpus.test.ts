// SPDX-License-Identifier: Apache-2.0
/* What the tests and benches on other CPUs rest on. The CPUs themselves: npm run test:cpus. */
import { spawn, spawnSync } from "node:child_process";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { usageAbove } from "../../bench/lib/guest.ts";
import { releasesOf, targetOf } from "../../tools/compile/target.ts";
import { knownGaps } from "../../tools/test/gaps.ts";
import type { Outcome } from "../../tools/test/run-file.ts";

const test = suite("cpus");
const refused = "a port where nobody listens: closes with ECONNREFUSED, without open";

function outcome(...failures: string[]): Outcome {
  const output = failures.map((name) => `    FAIL  stream  "${name}"\n      Expected values to be strictly equal:  (is)\n`).join("");
  return { job: { file: "stream.test.ts", engine: "quickjs", deadline: 1 }, passed: 3, failed: failures.length, output, millis: 1 };
}

test("a gap of the emulator is known where it is one, and only when nothing else failed", () => {
  const names = (cpu: string, of: Outcome): string[] => knownGaps(targetOf(cpu), of).map(({ name }) => name);
  assert.equal(names("mips", outcome(refused)), [refused]);
  assert.equal(names("mips", outcome(refused, "bytes arrive")), []);
  assert.equal(names("arm", outcome(refused)), []);
  assert.equal(names("mips", { ...outcome(), failed: 1, output: "ended with SIGSEGV before its tests ended\n" }), []);
});

test("a CPU or release that is not known is refused by name", () => {
  assert.throws(() => targetOf("ppc"), /CPU ppc: expected mips, mipsel, arm, aarch64, x86-64/);
  assert.throws(() => releasesOf({ mbedtls: "4.0" }), /--mbedtls 4.0: expected 2.28 or 3.6/);
  assert.is(targetOf("mips", { mbedtls: "2.28", quickjs: "/elsewhere/quickjs-1" }).name, "mips-mbedtls-2.28-quickjs-quickjs-1");
});

const smaps = `10000000000-10000100000 r-xp 00000000 fe:00 12 /opt/securebox
Rss:                 100 kB
Anonymous:             0 kB
10000200000-10000300000 rw-p 00000000 fe:00 12 /opt/securebox
Rss:                  20 kB
Anonymous:            16 kB
10000400000-10000500000 rw-p 00000000 00:00 0
Rss:                 300 kB
Anonymous:           300 kB
7f0000000000-7f0000100000 rw-p 00000000 00:00 0 [heap]
Rss:                5000 kB
Anonymous:          5000 kB
`;

test("the emulator's own pages are not the program's", () => {
  const { resident, anonymous, files } = usageAbove(2 ** 40, smaps);
  const kilobytes = (value: number): number => Math.round((value * 1e6) / 1024);
  assert.equal([kilobytes(resident), kilobytes(anonymous)], [420, 316]);
  assert.equal([...files].map(([name, value]) => [name, kilobytes(value)]), [["securebox", 104]]);
});

test("counted without an emulator, a process has what the kernel says", async () => {
  const child = spawn("sleep", ["60"]);
  try {
    await new Promise((resolve) => setTimeout(resolve, 200));
    const read = (file: string): string => spawnSync("cat", [`/proc/${child.pid}/${file}`], { encoding: "utf8" }).stdout;
    const kernel = (Number(/VmRSS:\s+(\d+)/.exec(read("status"))![1]) * 1024) / 1e6;
    const { resident } = usageAbove(0, read("smaps"));
    assert.ok(Math.abs(resident - kernel) < 0.3, `${resident} against ${kernel} MB`); // VmRSS is counted in batches of pages
  } finally {
    child.kill();
  }
});

test.run();
