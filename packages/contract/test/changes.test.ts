// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { changedDecisions, parsePolicy, type Policy } from "@securebox/contract";

const test = suite("changed decisions");
const [ann, printer, camera] = ["02:00:00:00:00:0a", "02:00:00:00:00:0b", "02:00:00:00:00:0c"];
const devices = [{ mac: ann! }, { mac: printer! }, { mac: camera! }];

function policy(rules: string, more = ""): Policy {
  const result = parsePolicy(`network: home\nmode: intelligent-edge\ngroups:\n  people: [ { mac: "${ann}" } ]\n  printers: [ { mac: "${printer}" } ]\nrules: [${rules}]\n${more}`);
  if (!result.ok) throw new Error(result.problems[0]!.message);
  return result.policy;
}
const told = (before: Policy | undefined, after: Policy, limit?: number) => changedDecisions(before, after, devices, limit).changes.map(({ from, to, service, before, after }) =>
  `${from.slice(-2)} ${to.includes(":") ? to.slice(-2) : to} ${service} ${before}-${after}`);

const printing = "{ from: people, to: printers, allow: [tcp/631] }";

test("equal policies change nothing, in whatever order they are written", () => {
  assert.equal(told(policy(printing), policy(`${printing}, ${printing}`)), []);
});
test("a rule that comes, and one that goes", () => {
  assert.equal(told(policy(""), policy(printing)), ["0a 0b tcp/631 deny-allow"]);
  assert.equal(told(policy(printing), policy("")), ["0a 0b tcp/631 allow-deny"]);
});
test("the first policy of a network, compared with none", () => assert.equal(told(undefined, policy(printing)), ["0a 0b tcp/631 deny-allow"]));
test("what no rule names changes by otherwise, and asking is told apart", () => {
  assert.equal(told(policy(printing), policy("{ from: people, to: printers, allow: [tcp/631], otherwise: ask }")), ["0a 0b anything else deny-ask"]);
});
test("services of the internet are asked with what they name", () => {
  const before = policy('{ from: people, to: internet, allow: ["tcp/443@192.0.2.0/24", "dns:*.example.org"] }');
  assert.equal(told(before, policy("")), ["0a internet tcp/443@192.0.2.0/24 allow-deny", "0a internet dns:*.example.org allow-deny"]);
});
test("quarantine closes both directions", () => {
  const rules = "{ from: all, to: all, allow: [tcp/631] }";
  assert.equal(told(policy(rules), policy(rules, `quarantine: ["${camera}"]`)).sort(), ["0a 0c tcp/631 allow-deny", "0b 0c tcp/631 allow-deny", "0c 0a tcp/631 allow-deny", "0c 0b tcp/631 allow-deny"]);
});
test("the limit is kept, and told", () => {
  const outcome = changedDecisions(policy(""), policy("{ from: all, to: all, allow: [tcp/631, tcp/80] }"), devices, 5);
  assert.is(outcome.changes.length, 5);
  assert.is(outcome.more, true);
});

test.run();
