// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { decodePolicy, encodePolicy, formatResult, parsePolicy, unenforced, validatePolicy, type PolicyResult } from "../src/index.ts";
import { goodPolicies } from "./good-policies.ts";

function policyOf(result: PolicyResult) {
  if (!result.ok) throw new Error(formatResult(result).join("\n"));
  return result.policy;
}

const good = suite("good policies");
for (const item of goodPolicies) {
  good(item.name, () => {
    const result = parsePolicy(item.text);
    assert.equal(policyOf(result), item.policy);
    assert.equal(formatResult(result).map((line, index) => line.includes(item.warnings?.[index] ?? "no warning") || line), (item.warnings ?? []).map(() => true));
  });
  good(`${item.name}: YAML to policy to JSON to policy`, () => {
    const text = encodePolicy(policyOf(parsePolicy(item.text)));
    assert.equal(policyOf(decodePolicy(text, { unknownFields: "error" })), item.policy);
    assert.is(encodePolicy(policyOf(parsePolicy(text))), text, "JSON is YAML, and the encoding is canonical");
  });
}

good("know the line of every rule and member", () => {
  const result = parsePolicy("network: home\ngroups:\n  a:\n    - mac: 02:00:00:00:00:0a\n    - psk: x\nrules:\n  # first\n  - from: a\n    to: all\n    allow: all\n  - { from: all, to: a, otherwise: deny }\n");
  assert.equal(result.ok && result.lines, { rules: [8, 11], members: { a: [4, 5] } });
});
good("are read from bytes as from text", () => {
  assert.equal(policyOf(parsePolicy(new TextEncoder().encode("\ufeffnetwork: home # grün\nrules: []\n"))).network, "home");
});
good.run();

const wire = suite("wire");
wire("encoding sorts keys and has no blanks", () => {
  const text = encodePolicy({ version: 1, network: "n", rules: [{ to: "all", from: "b", allow: ["mdns"] }], mode: "intelligent-edge", quarantine: [], groups: { b: [], a: [{ psk: "é" }] } });
  assert.is(text, '{"groups":{"a":[{"psk":"é"}],"b":[]},"mode":"intelligent-edge","network":"n","quarantine":[],"rules":[{"allow":["mdns"],"from":"b","to":"all"}],"version":1}');
});
wire("unknown fields are ignored by name, and an error when asked for", () => {
  const text = '{"network":"n","rules":[{"from":"all","to":"all","allow":"all","color":1}],"later":{}}';
  assert.equal(formatResult(decodePolicy(text)), ['policy: later: unknown field "later" is ignored (warning)', 'policy: rules[0].color: unknown field "color" is ignored (warning)']);
  assert.equal(formatResult(decodePolicy(text, { unknownFields: "error" })).length, 2);
});
wire("what a member cannot name without an ignored field is an error, not an empty member", () => {
  const result = validatePolicy({ network: "n", rules: [], groups: { a: [{ certificate: "x" }] } }, { unknownFields: "ignore", source: "desired" });
  assert.equal(formatResult(result), ["desired: groups.a[0]: the member names nothing; expected one of mac, psk, fingerprint, mud"]);
});
wire("text that is no JSON, or too long, is an error", () => {
  assert.match(formatResult(decodePolicy("{", { source: "desired" }))[0]!, /^desired: not JSON: .*; expected a JSON object$/);
  assert.match(formatResult(decodePolicy(" ".repeat(1_100_000)))[0]!, /more than 1048576 characters/);
});
wire("__proto__ is a name like others, and refused", () => {
  const result = decodePolicy('{"network":"n","rules":[],"groups":{"__proto__":[{"psk":"x"}]}}');
  assert.match(formatResult(result)[0]!, /"__proto__" is not a group's name/);
  assert.is(({} as Record<string, unknown>)["psk"], undefined);
});
wire.run();

const yet = suite("not enforced yet");
yet("each construct is named with its line and what it means now", () => {
  const result = parsePolicy(`network: n
mode: thin-edge
groups:
  a: [ { mac: 02:00:00:00:00:0a }, { psk: x }, { fingerprint: printer } ]
  b: [ { mud: "https://v.example/m" } ]
rules:
  - { from: a, to: internet, allow: all, analyse: ids }
  - { from: a, to: gateway, allow: all, analyse: ips, how: redirect }
  - { from: b, to: internet, analyse: ids }
`);
  const found = unenforced(policyOf(result), result.ok ? result.lines : undefined);
  assert.equal(found.map(({ construct, field, value, line }) => `${line} ${field} ${construct} ${value}`), [
    "4 groups.a[1] psk x", "4 groups.a[2] fingerprint printer", "5 groups.b[0] mud https://v.example/m",
    "7 rules[0].analyse analyse ids", "8 rules[1].analyse analyse ips", "9 rules[2].analyse analyse ids",
  ]);
  assert.match(found[0]!.meaning, /gains nothing/);
  assert.match(found[3]!.meaning, /the rest of the rule is in force/);
  assert.match(found[4]!.meaning, /what the rule allows is denied/);
  assert.match(found[5]!.meaning, /the rule decides nothing/);
});
yet("a policy of addresses alone is enforced in full", () => {
  assert.equal(unenforced(policyOf(parsePolicy("network: n\ngroups: { a: [ { mac: 02:00:00:00:00:0a } ] }\nrules: [ { from: a, to: all, allow: all } ]"))), []);
});
yet.run();

const size = suite("size");
size("a policy of a thousand rules is read in less than three seconds on a busy machine", () => {
  const rules = Array.from({ length: 1000 }, (_, index) => `  - { from: g${index % 100}, to: g${(index * 7) % 100}, allow: [tcp/${index + 1}, udp/5000-5010, mdns] }\n`).join("");
  const groups = Array.from({ length: 100 }, (_, index) => `  g${index}: [ { mac: "02:00:00:00:01:${(index + 16).toString(16)}" } ]\n`).join("");
  const before = Date.now();
  assert.is(policyOf(parsePolicy(`network: n\ngroups:\n${groups}rules:\n${rules}`)).rules.length, 1000);
  assert.ok(Date.now() - before < 3000, `${Date.now() - before} ms`);
});
size("many keys take no quadratic time", () => {
  const time = (keys: number) => {
    const before = Date.now();
    const result = parsePolicy(`network: n\nrules: []\n${Array.from({ length: keys }, (_, index) => `k${index}: 1\n`).join("")}`);
    assert.is(!result.ok && result.problems.length + result.omitted, keys);
    return Date.now() - before;
  };
  time(1000);
  const [few, many] = [time(2500), time(20_000)];
  assert.ok(many < 8 * few * 4 + 200, `${few} ms for 2,500, ${many} ms for 20,000`);
});
size.run();
