// SPDX-License-Identifier: Apache-2.0
/* The test runner itself: whatever goes wrong in a test file makes it count as failed, on both engines. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { buildRunner } from "../../../tools/compile/runtime.ts";
import { runFile, type Outcome } from "../../../tools/test/run-file.ts";

const test = suite("runner");
const root = process.cwd();

async function outcome(name: string, engine: "node" | "quickjs"): Promise<Outcome> {
  const launcher = { node: [process.execPath, "--enable-source-maps"], quickjs: [await buildRunner(root)] };
  return runFile(root, { file: `packages/quickjs-ts/test/bad/${name}.ts`, engine, deadline: 1_500 }, launcher, { SECUREBOX_TEST_TIMEOUT: "300" });
}

for (const engine of ["node", "quickjs"] as const) {
  for (const [name, expected] of [
    ["failing", /1.*2|strictly equal/s], ["throwing", /on purpose/], ["never-settling", /"never settles" did not settle within 300 ms/], ["never-returning", /killed: no end/],
    ["throwing-before", /on purpose/], ["throwing-after", /on purpose/], ["not-run", /1 of 1 tests never ran/], ["throwing-callback", /in a callback/],
    ["unhandled-rejection", /nobody looks/], ["exiting", /without running|before its tests/], ["throwing-module", /while loading/],
  ] as [string, RegExp][])
    test(`${engine}: ${name} counts as failed, and says why`, async () => {
      const { failed, output } = await outcome(name, engine);
      assert.ok(failed >= 1, `failed: ${failed}\n${output}`);
      assert.match(output, expected);
    });

  test(`${engine}: a good file passes`, async () => {
    const { passed, failed, output } = await outcome("good", engine);
    assert.equal([passed, failed], [1, 0], output);
  });

  test(`${engine}: an error in a callback is told with its place in the source`, async () => {
    const { output } = await outcome("throwing-callback", engine);
    assert.match(output, /packages\/quickjs-ts\/test\/bad\/throwing-callback\.ts:6:/);
  });
}

test.run();
