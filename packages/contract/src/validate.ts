// SPDX-License-Identifier: Apache-2.0
// Plain values -> Policy. One function per part of the document; each reports all it finds and gives undefined for what it cannot use.
import { parseMac } from "./address.ts";
import { isRecord, knownFields, readChoice, RESERVED_ENDS, type Check } from "./check.ts";
import { LIMITS } from "./limits.ts";
import type { Member, Policy, Rule } from "./policy.ts";
import { describe, quote, type Path, type Report } from "./problem.ts";
import { readRule, type Names } from "./validate-rule.ts";
import { warnAbout } from "./warnings.ts";

const NETWORK_NAME = /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
const GROUP_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,31}$/;
const POLICY_FIELDS = ["version", "network", "mode", "groups", "rules", "quarantine"];
const MEMBER_FIELDS = ["mac", "psk", "fingerprint", "mud"];

/** The policy, or undefined after reporting at least one problem. Warnings are added only to a policy without problems. */
export function readPolicy(value: unknown, report: Report, unknownFields: Check["unknownFields"]): Policy | undefined {
  if (value === null || value === undefined) return void report.error([], "the policy is empty", 'a mapping that begins with "network: NAME"');
  if (!isRecord(value)) return void report.error([], `the policy is ${describe(value)}`, 'a mapping with "network", "groups" and "rules"');
  const groups = isRecord(value["groups"]) ? new Set(Object.keys(value["groups"])) : new Set<string>();
  const check: Check = { report, unknownFields, groups };
  const meant = knownFields(check, [], value, POLICY_FIELDS, { name: "network", group: "groups", rule: "rules", policies: "rules", blocked: "quarantine", blocklist: "quarantine" });
  const policy: Policy = {
    version: readVersion(check, value["version"]),
    network: readNetwork(check, value, meant),
    mode: readChoice(check, ["mode"], value["mode"], ["intelligent-edge", "thin-edge"]) ?? "intelligent-edge",
    groups: readGroups(check, value["groups"]),
    rules: readRules(check, value, meant),
    quarantine: readQuarantine(check, value["quarantine"]),
  };
  if (report.problems.length === 0) warnAbout(policy, report);
  return report.problems.length === 0 ? policy : undefined;
}

function readVersion({ report }: Check, value: unknown): 1 {
  if (value !== undefined && value !== 1) {
    if (typeof value === "number") report.error(["version"], `version ${value} is not supported by this release`, "1");
    else report.error(["version"], `${describe(value)} is not a version`, "the number 1");
  }
  return 1;
}

function readNetwork({ report }: Check, policy: Record<string, unknown>, meant: ReadonlySet<string>): string {
  const { network } = policy;
  const expected = 'a name of 1 to 63 letters, digits, "-", "_" and ".", such as home';
  if (network === undefined) {
    if (!meant.has("network")) report.error([], 'the field "network" is missing', expected);
  } else if (typeof network === "number") report.error(["network"], `${network} is a number`, `${expected}; put it in quotes: "${network}"`);
  else if (typeof network !== "string" || !NETWORK_NAME.test(network)) report.error(["network"], `${describe(network)} is not a network's name`, expected);
  return String(network);
}

function readGroups(check: Check, value: unknown): Record<string, Member[]> {
  const { report } = check;
  if (value === undefined || value === null) return {};
  if (!isRecord(value)) {
    report.error(["groups"], `"groups" is ${describe(value)}`, 'a mapping of names to members, such as "family: [ { mac: ... } ]"');
    return {};
  }
  const names = Object.keys(value);
  if (names.length > LIMITS.groups) report.error(["groups"], `${names.length} groups`, `at most ${LIMITS.groups}`, undefined, "key");
  return Object.fromEntries(names.map((name) => [name, readGroup(check, name, value[name])]));
}

function readGroup(check: Check, name: string, value: unknown): Member[] {
  const { report } = check;
  const path = ["groups", name];
  if (RESERVED_ENDS.includes(name)) report.error(path, `${quote(name)} already means something in rules`, `another name than ${RESERVED_ENDS.join(", ")}`, undefined, "key");
  else if (!GROUP_NAME.test(name)) report.error(path, `${quote(name)} is not a group's name`, 'a letter, then up to 31 letters, digits, "-" or "_"', undefined, "key");
  if (value === null) return [];
  if (!Array.isArray(value)) {
    report.error(path, `the members of ${quote(name)} are ${describe(value)}`, "a list such as [ { mac: ... }, { psk: ... } ]");
    return [];
  }
  const seen = new Set<string>();
  return value.flatMap((item, index) => {
    const member = readMember(check, [...path, index], item);
    if (!member) return [];
    if (!seen.has(JSON.stringify(member))) return seen.add(JSON.stringify(member)), [member];
    report.error([...path, index], `${quote(String(Object.values(member)[0]))} is already a member of ${quote(name)}`, "each member once");
    return [];
  });
}

function readMember(check: Check, path: Path, value: unknown): Member | undefined {
  const { report } = check;
  if (typeof value === "string") {
    const mac = parseMac(value);
    return void report.error(path, `${quote(value)} does not say what it is`, "one of { mac: ... }, { psk: ... }, { fingerprint: ... }, { mud: ... }", mac.ok ? `{ mac: "${mac.value}" }` : undefined);
  }
  if (!isRecord(value)) return void report.error(path, `a member is ${describe(value)}`, "one of { mac: ... }, { psk: ... }, { fingerprint: ... }, { mud: ... }");
  knownFields(check, path, value, MEMBER_FIELDS, { key: "psk", password: "psk", address: "mac", hwaddr: "mac", ether: "mac", type: "fingerprint", url: "mud" });
  const [kind, ...others] = MEMBER_FIELDS.filter((field) => Object.hasOwn(value, field));
  if (kind === undefined) {
    // An unknown field was reported already, unless those are ignored: then nothing is left of the member.
    if (check.unknownFields === "ignore" || Object.keys(value).length === 0) report.error(path, "the member names nothing", "one of mac, psk, fingerprint, mud");
    return undefined;
  }
  if (others.length > 0) return void report.error(path, `the member has ${[kind, ...others].join(" and ")}`, "exactly one of mac, psk, fingerprint, mud; two members for two ways");
  return readSelector(check, [...path, kind], kind, value[kind]);
}

const SELECTORS: Record<string, { form: RegExp; expected: string }> = {
  psk: { form: /^[^\u0000-\u001f\u007f]{1,64}$/, expected: "the name of a key, 1 to 64 characters" },
  fingerprint: { form: /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, expected: 'a kind of device, such as printer: 1 to 64 letters, digits, "-", "_" and "."' },
  // RFC 8520 §10: the URL in DHCP has at most 253 characters; §1.7: https.
  mud: { form: /^https:\/\/[^\s/]+\.[^\s/]+\/\S*$/, expected: "an https URL of at most 253 characters, such as https://vendor.example/cam.json" },
};

function readSelector({ report }: Check, path: Path, kind: string, value: unknown): Member | undefined {
  if (kind === "mac") {
    const mac = readMac(report, path, value);
    return mac === undefined ? undefined : { mac };
  }
  const { form, expected } = SELECTORS[kind]!;
  const fits = typeof value === "string" && form.test(value) && value.length <= 253;
  if (!fits) return void report.error(path, `${describe(value)} does not fit ${kind}`, expected, typeof value === "string" && kind === "mud" ? value.replace(/^http:/, "https:") : undefined);
  return { [kind]: value } as Member;
}

/** A MAC in canonical form, or undefined after reporting. */
export function readMac(report: Report, path: Path, value: unknown): string | undefined {
  const expected = 'a device\'s MAC address in quotes, such as "02:00:00:00:00:11"';
  if (typeof value !== "string") return void report.error(path, `${describe(value)} is not a MAC address`, expected);
  const mac = parseMac(value);
  if (!mac.ok) return void report.error(path, mac.message, mac.expected, mac.suggestion);
  return mac.value;
}

function readRules(check: Check, policy: Record<string, unknown>, meant: ReadonlySet<string>): Rule[] {
  const { report } = check;
  const { rules } = policy;
  if (rules === null) return [];
  const expected = "a list of rules such as - { from: family, to: printers, allow: [tcp/631] }";
  if (rules === undefined && meant.has("rules")) return [];
  if (rules === undefined) return report.error([], 'the field "rules" is missing', `${expected}; [] forbids everything`), [];
  if (!Array.isArray(rules)) return report.error(["rules"], `"rules" is ${describe(rules)}`, expected), [];
  if (rules.length > LIMITS.rules) return report.error(["rules"], `${rules.length} rules`, `at most ${LIMITS.rules}`, undefined, "key"), [];
  const names: Names = { patterns: new Set(), sets: new Set() };
  const read = rules.flatMap((rule, index) => readRule(check, ["rules", index], rule, names) ?? []);
  if (names.patterns.size > LIMITS.names) report.error(["rules"], `${names.patterns.size} different DNS names`, `at most ${LIMITS.names} in all rules together`, undefined, "key");
  if (names.sets.size > LIMITS.nameSets) report.error(["rules"], `${names.sets.size} sets of DNS names (one per rule and port)`, `at most ${LIMITS.nameSets} in all rules together`, undefined, "key");
  return read;
}

function readQuarantine({ report }: Check, value: unknown): string[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) return report.error(["quarantine"], `"quarantine" is ${describe(value)}`, 'a list of MAC addresses such as [ "02:00:00:00:00:66" ]'), [];
  const seen = new Set<string>();
  for (const [index, item] of value.entries()) {
    const mac = readMac(report, ["quarantine", index], item);
    if (mac !== undefined && seen.has(mac)) report.error(["quarantine", index], `${mac} is already in quarantine`, "each device once");
    else if (mac !== undefined) seen.add(mac);
  }
  return [...seen];
}
