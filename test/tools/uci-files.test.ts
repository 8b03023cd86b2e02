// SPDX-License-Identifier: Apache-2.0
// The default file, procd's validation and the documentation are what the table of options says now.
import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { uciFiles } from "../../tools/uci/files.ts";

for (const [path, make] of Object.entries(uciFiles)) {
  test(`${path} is up to date (else: node tools/run.mjs tools/uci-files.ts)`, () => {
    const text = readFileSync(path, "utf8");
    assert.ok(text.length > 500);
    assert.is(text, make(text));
  });
}

test.run();
