// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { formatProblem, formatResult, parsePolicy, type Problem } from "../src/index.ts";
import { badPolicies, type BadPolicy } from "./bad-policies.ts";

const bad = suite("bad policies");

/** What a case claims, as far as `problem` keeps it. */
function mismatch(item: BadPolicy, problem: Problem | undefined, count: number): string[] {
  if (!problem) return ["no problem was reported"];
  const place = `${problem.line}:${problem.column}`;
  const wrong = [];
  if (item.at.endsWith(":") ? !place.startsWith(item.at) : place !== item.at) wrong.push(`at ${place}, not ${item.at}`);
  if (item.field.endsWith("[") || item.name.startsWith("nested") ? !problem.field.startsWith(item.field) : problem.field !== item.field) wrong.push(`field ${problem.field}, not ${item.field}`);
  if (!`${problem.message}; ${problem.expected}`.includes(item.says)) wrong.push(`says ${problem.message}; ${problem.expected}`);
  if (problem.suggestion !== item.suggestion) wrong.push(`suggests ${problem.suggestion}, not ${item.suggestion}`);
  if (count !== (item.count ?? 1)) wrong.push(`${count} problems, not ${item.count ?? 1}`);
  return wrong;
}

for (const item of badPolicies) {
  bad(item.name, () => {
    const result = parsePolicy(item.text, "policy.yaml");
    if (result.ok) throw new assert.Assertion({ message: "was taken for a good policy", details: "", generated: false, operator: "ok", expects: "", actual: "" });
    assert.equal(mismatch(item, result.problems[0], result.problems.length), [], formatResult(result).slice(0, 3).join("\n"));
  });
}

bad("are of at least sixty kinds, each with its own name", () => {
  assert.ok(new Set(badPolicies.map(({ name }) => name)).size === badPolicies.length);
  assert.ok(badPolicies.length >= 60);
});
bad.run();

const format = suite("format");
format("names source, line, column, field, what is wrong, what was expected and what was probably meant", () => {
  const result = parsePolicy("network: home\nrules:\n  - from: all\n    to: all\n    allow: [tpc/80]\n", "policy.yaml");
  assert.is(result.ok, false);
  assert.match(formatResult(result)[0]!, /^policy\.yaml:5:13: rules\[0\]\.allow\[0\]: "tpc\/80" is not a service; expected all, tcp, udp, .* \(did you mean "tcp\/80"\?\)$/);
});
format("leaves out what is not known", () => {
  const problem = { line: 0, column: 0, field: "mode", message: "is odd", expected: "" };
  assert.is(formatProblem(problem, "desired"), "desired: mode: is odd");
  assert.is(formatProblem(problem), "mode: is odd");
});
format("counts problems beyond the first fifty", () => {
  const result = parsePolicy(`network: home\nrules:\n${"- 1\n".repeat(77)}`, "p");
  assert.is(formatResult(result).length, 51);
  assert.is(formatResult(result).at(-1), "p: 27 more problems");
  const syntax = parsePolicy("- !tag x\n".repeat(60), "p");
  assert.equal([formatResult(syntax).length, formatResult(syntax).at(-1)], [51, "p: 10 more problems"]);
});
format.run();
