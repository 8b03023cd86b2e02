// SPDX-License-Identifier: Apache-2.0
// The policies shown in documents and examples are sound, and documents name every field and service form.
import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { formatResult, LIMITS, parsePolicy, policySchema } from "../src/index.ts";

const docs = suite("documents");
const guide = readFileSync("docs/policy.md", "utf8");

docs("all policies shown are good, without warnings", () => {
  const shown = [...guide.matchAll(/```yaml\n(.*?)```/gs)].map((match) => match[1]!);
  assert.ok(shown.length >= 3);
  for (const text of [...shown, readFileSync("packages/contract/examples/home.yaml", "utf8")]) {
    const result = parsePolicy(text, "docs");
    assert.equal([result.ok, formatResult(result)], [true, []], text);
  }
});
docs("the guide explains every field", () => {
  const { properties, $defs } = policySchema;
  for (const field of [...Object.keys(properties), ...Object.keys($defs.rule.properties), ...Object.keys($defs.member.properties)]) assert.match(guide, new RegExp(`\`${field}\`|\`\\{ ${field}:`), field);
});
docs("the guide states the limits that hold", () => {
  for (const value of [LIMITS.nodes, LIMITS.rules, LIMITS.names]) assert.match(guide, value.toLocaleString("en"));
  for (const text of [`${LIMITS.textLength / 1024} Ki`, `${LIMITS.groups} groups`, `${LIMITS.nameSets} rules`]) assert.match(guide, text);
});
docs.run();
