// SPDX-License-Identifier: Apache-2.0
// One rule: its ends, its services, and which of them fit each other.
import { parseMac } from "./address.ts";
import { isRecord, knownFields, readChoice, RESERVED_ENDS, type Check } from "./check.ts";
import { nearest } from "./nearest.ts";
import type { Rule, ServiceTerm } from "./policy.ts";
import { describe, quote, type Path } from "./problem.ts";
import { formatService, parseService, SERVICE_FORMS } from "./service.ts";

const RULE_FIELDS = ["from", "to", "allow", "otherwise", "analyse", "how", "fallback"];
const FIELD_SYNONYMS: Record<string, string> = {
  src: "from", source: "from", dst: "to", dest: "to", destination: "to", permit: "allow", accept: "allow", service: "allow", services: "allow", ports: "allow",
  default: "otherwise", else: "otherwise", action: "otherwise", deny: "otherwise", analyze: "analyse", analysis: "analyse", inspect: "analyse", mode: "how", timeout: "fallback",
};
const VERDICTS = { block: "deny", drop: "deny", reject: "deny", forbid: "deny", no: "deny", false: "deny", permit: "allow", accept: "allow", pass: "allow", yes: "allow", true: "allow" } as const;

/** The DNS names of all rules so far, for the limits. */
export interface Names {
  patterns: Set<string>;
  /** "RULE PROTOCOL/PORTS": each takes a bit of a register. */
  sets: Set<string>;
}

/** Undefined after reporting, also of a rule of which only a part is wrong. */
export function readRule(check: Check, path: Path, value: unknown, names: Names): Rule | undefined {
  const { report } = check;
  if (!isRecord(value)) return void report.error(path, `a rule is ${describe(value)}`, "a mapping such as { from: family, to: printers, allow: [tcp/631] }");
  const before = report.problems.length + report.omitted;
  const meant = knownFields(check, path, value, RULE_FIELDS, FIELD_SYNONYMS);
  const rule: Rule = { from: readEnd(check, path, "from", value, meant), to: readEnd(check, path, "to", value, meant) };
  const allow = readAllow(check, [...path, "allow"], value["allow"], rule, names);
  if (allow !== undefined) rule.allow = allow;
  const otherwise = readChoice(check, [...path, "otherwise"], value["otherwise"], ["deny", "allow", "ask"] as const, VERDICTS);
  if (otherwise) rule.otherwise = otherwise;
  readAnalysis(check, path, value, rule);
  const fallback = readChoice(check, [...path, "fallback"], value["fallback"], ["allow", "deny"] as const, VERDICTS);
  if (fallback) rule.fallback = fallback;
  if (!["allow", "otherwise", "analyse"].some((field) => Object.hasOwn(value, field)) && before === report.problems.length) {
    report.error(path, "the rule decides nothing", '"allow", "otherwise" or "analyse"');
  }
  return before === report.problems.length + report.omitted ? rule : undefined;
}

function readAnalysis(check: Check, path: Path, value: Record<string, unknown>, rule: Rule): void {
  const { analyse } = value;
  const fits = typeof analyse === "string" && /^[a-z][a-z0-9-]{0,62}$/.test(analyse);
  if (fits) rule.analyse = analyse;
  else if (analyse !== undefined) check.report.error([...path, "analyse"], `${describe(analyse)} is not the name of an analysis service`, 'lower-case letters, digits and "-", such as ids');
  const how = readChoice(check, [...path, "how"], value["how"], ["mirror", "redirect"] as const, { copy: "mirror", tap: "mirror", inline: "redirect", steer: "redirect" });
  if (how) rule.how = how;
  if (how && analyse === undefined) check.report.error([...path, "how"], '"how" says how to analyse, but nothing is to be analysed', '"analyse" in the same rule', undefined, "key");
}

/** The canonical end, or "" after reporting. */
function readEnd(check: Check, path: Path, field: "from" | "to", rule: Record<string, unknown>, meant: ReadonlySet<string>): string {
  const { report, groups } = check;
  const value = rule[field];
  const expected = endForms(groups);
  if (value === undefined && meant.has(field)) return "";
  if (value === undefined) return report.error(path, `the rule has no "${field}"`, expected), "";
  if (Array.isArray(value)) return report.error([...path, field], `"${field}" is a list`, "one end; write one rule for each, or a group"), "";
  if (typeof value !== "string") return report.error([...path, field], `${describe(value)} is not an end of a rule`, expected), "";
  if (groups.has(value) || RESERVED_ENDS.includes(value)) return value;
  return readDeviceEnd(check, [...path, field], value, expected);
}

function readDeviceEnd({ report, groups }: Check, path: Path, value: string, expected: string): string {
  const looksLikeMac = /^[0-9a-f]{1,2}([:-][0-9a-f]{1,2}){3,}$/i.test(value) || /^[0-9a-f]{12}$|^([0-9a-f]{4}\.){2}[0-9a-f]{4}$/i.test(value);
  if (looksLikeMac) {
    const mac = parseMac(value);
    if (mac.ok) return mac.value;
    return report.error(path, mac.message, mac.expected, mac.suggestion), "";
  }
  const remote = parseService(value);
  if (remote.ok && remote.value.kind === "traffic" && remote.value.protocol === undefined) {
    return report.error(path, `${quote(value)} is an address or name, not an end of a rule`, `"to: internet" with allow: [ ${quote(value)} ]`), "";
  }
  const any = ["any", "*", "everyone", "everything"].includes(value.toLowerCase());
  report.error(path, `${quote(value)} is not a group`, expected, any ? "all" : nearest(value, [...groups, ...RESERVED_ENDS]));
  return "";
}

function endForms(groups: ReadonlySet<string>): string {
  const names = [...groups];
  const known = names.length === 0 ? "" : `a group of this policy (${names.slice(0, 8).join(", ")}${names.length > 8 ? ", ..." : ""}), `;
  return `${known}a MAC address, all, unknown, internet or gateway`;
}

function readAllow(check: Check, path: Path, value: unknown, rule: Rule, names: Names): Rule["allow"] {
  const { report } = check;
  if (value === undefined || value === "all") return value;
  if (!Array.isArray(value)) {
    const words = ["any", "*", "true", "yes", "everything"];
    const single = typeof value === "string" && parseService(value).ok ? `[${value}]` : typeof value !== "object" && words.includes(String(value).toLowerCase()) ? "all" : undefined;
    return void report.error(path, `"allow" is ${describe(value)}`, "all, or a list of services such as [tcp/631, mdns]", single);
  }
  const services = new Set<string>();
  for (const [index, item] of value.entries()) {
    const term = readService(check, [...path, index], item, rule);
    if (!term) continue;
    services.add(formatService(term));
    if (term.kind !== "traffic" || term.name === undefined) continue;
    names.patterns.add(term.name);
    names.sets.add(`${path.join(".")} ${formatService({ ...term, name: undefined })}`);
  }
  return services.has("all") ? "all" : [...services];
}

function readService({ report }: Check, path: Path, value: unknown, rule: Rule): ServiceTerm | undefined {
  if (typeof value !== "string") {
    const port = typeof value === "number" && Number.isInteger(value) && value > 0 && value < 65536;
    return void report.error(path, `${describe(value)} is not a service`, SERVICE_FORMS, port ? `tcp/${value}` : undefined);
  }
  const term = parseService(value);
  if (!term.ok) return void report.error(path, term.message, term.expected, term.suggestion);
  const misplaced = whyMisplaced(term.value, rule);
  if (misplaced) return void report.error(path, `${quote(value)} ${misplaced[0]}`, misplaced[1]);
  return term.value;
}

/** Why the service makes no sense between the rule's ends. */
function whyMisplaced(term: ServiceTerm, { from, to }: Rule): [string, string] | undefined {
  const outside = [from, to].find((end) => end === "internet" || end === "gateway");
  if (term.kind === "discovery" && outside) return [`finds devices on the local network, ${outside} is none`, "a rule between devices"];
  if (term.kind !== "traffic" || to === "internet" || to === "") return undefined;
  if (term.name !== undefined) return ["names a host on the internet", '"to: internet" in this rule; devices are named by group or MAC'];
  if (term.prefix !== undefined) return ["names addresses on the internet", '"to: internet" in this rule; devices are named by group or MAC'];
  return undefined;
}
