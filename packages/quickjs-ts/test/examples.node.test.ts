// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from "node:child_process";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const test = suite("examples");

for (const engine of ["node", "quickjs"])
  test(`echo runs on ${engine}`, () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ["tools/run.mjs", "tools/example.ts", engine, "packages/quickjs-ts/examples/echo.ts"], { encoding: "utf8", timeout: 60_000 });
    assert.is(status, 0, stderr);
    assert.match(stdout, new RegExp(`^hello from ${engine}, back after `));
  });

test.run();
