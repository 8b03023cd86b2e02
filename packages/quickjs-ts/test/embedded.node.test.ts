// SPDX-License-Identifier: Apache-2.0
/* A program compiled to bytecode inside the executable, as the gateway is. */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { buildEmbedded } from "../../../tools/compile/gateway.ts";

const test = suite("embedded");
const root = process.cwd();
const output = `${root}/build/test/embedded`;

test.before(async () => {
  mkdirSync(`${root}/build/test`, { recursive: true });
  await buildEmbedded(root, { entry: "packages/quickjs-ts/test/bad/embedded.ts", apart: { "apart.js": "packages/quickjs-ts/test/bad/apart.ts" } }, output);
});

test("gets its arguments, knows itself, and gives memory back", () => {
  const { status, stdout, stderr } = spawnSync(output, ["report", "two words"], { encoding: "utf8" });
  assert.is(status, 0, stderr);
  const report = JSON.parse(stdout);
  assert.equal([report.arguments, report.self, report.engine], [["report", "two words"], [output], "quickjs"]);
  assert.equal(report.expressions, [true, true, true, true, true]);
  assert.ok(report.after < 2_500_000, `${report.before} -> ${report.after} bytes resident`);
});

test("runs a module apart: it gets a text and gives one, shares nothing, and leaves no memory behind", () => {
  const apart = (...inputs: string[]) => {
    const { status, stdout, stderr } = spawnSync(output, ["apart", ...inputs], { encoding: "utf8" });
    assert.is(status, 0, stderr);
    return JSON.parse(stdout) as { results: string[]; before: number; after: number; peak: number };
  };
  const { results, before, after, peak } = apart("apart.js", ...Array.from({ length: 20 }, (_, index) => `caf\u00e9 \u{1f600} ${index}`));
  assert.is(results.length, 20);
  results.forEach((result, index) => assert.equal({ ...JSON.parse(result), globals: [] }, { input: `caf\u00e9 \u{1f600} ${index}`, last: "19999", globals: [] }));
  assert.not.ok((JSON.parse(results[0]!) as { globals: string[] }).globals.includes("TextEncoder"));
  assert.ok(peak > before + 1_000_000, "the module takes some");
  assert.ok(after < before + 300_000, `${before} -> ${after} bytes resident, ${peak} at most`);
  assert.match(apart("apart.js", "throw").results[0]!, /^InternalError: apart\.js: RangeError: as it was told$/);
  assert.match(apart("apart.js", "nothing").results[0]!, /^InternalError: apart\.js: no text came out$/);
  assert.match(apart("apart.js", "deep", "again").results[0]!, /^InternalError: apart\.js: .*stack overflow/);
  assert.match(apart("none.js", "x").results[0]!, /none\.js: not inside the executable$/);
});

for (const [how, headline] of [["callback", "uncaught RangeError: in a callback"], ["rejection", "unhandled rejection: RangeError: in a promise"]] as const)
  test(`an error nobody catches (${how}) ends it with status 1 and the place in the source`, () => {
    const { status, stderr } = spawnSync(output, [how], { encoding: "utf8" });
    assert.is(status, 1);
    assert.is(stderr.split("\n")[0], headline);
    assert.match(stderr, /\(packages\/quickjs-ts\/test\/bad\/embedded\.ts:7:\d+\)/);
  });

test("without the map beside it the positions are those of the bundle", () => {
  rmSync(`${output}.map`);
  const { status, stderr } = spawnSync(output, ["callback"], { encoding: "utf8" });
  assert.is(status, 1);
  assert.match(stderr, /\((main|chunk-\w+)\.js:\d+:\d+\)/);
});

test.run();
