// SPDX-License-Identifier: Apache-2.0
// The meaning of a policy, as a pure function of one question. The compiler shares with it only what a single rule says
// (ruleOtherwise, servicesOf, passesUnanalysed), so that flows can be held against it.
//
// In this order, the first that applies decides:
//   1. a blocked device or one in quarantine reaches nothing and is reached by nothing
//   2. what every device needs: DHCP, ping of the gateway, DNS at the configured resolvers
//   3. what an operator decided at this gateway (allow, deny, isolate): the newest decision that covers the flow
//   4. the rules in their order: the first that covers both ends and either allows the service or says `otherwise`
//   5. denied
import type { RuleLines } from "../parse.ts";
import type { Fallback, Policy, Rule } from "../policy.ts";
import { coverage, resolveEnd, type Coverage } from "./membership.ts";
import { isDiscovery, serviceCovers } from "./service-covers.ts";

/** A link-layer address, lower case, "02:00:00:00:00:11". */
type Mac = string;
/** An IPv4 or IPv6 address in canonical text (RFC 5952 for IPv6). */
type Ip = string;

/**
 * A decision of an operator at one gateway, before all rules. `allow` and `deny`: what `a` may start towards `b`, each a MAC address, "internet" or "gateway".
 * `isolate`: no other device, in both directions; internet and gateway as the rules say. Of these three the newest that covers a flow decides. `quarantine` is stronger.
 */
export type Override =
  | { kind: "allow" | "deny"; a: string; b: string; service: string }
  | { kind: "isolate" | "quarantine"; device: Mac };

/** One side of a flow. `names`: what the resolvers' answers say the address is (also names that lead to it by CNAME). */
export type Endpoint =
  | { kind: "device"; mac: Mac; address?: Ip; blocked?: boolean; name?: string }
  | { kind: "internet"; address?: Ip; names?: readonly string[] }
  | { kind: "gateway"; address?: Ip };

/** What decisions rest on besides the question. */
export interface World {
  policy: Policy;
  /** For reasons that name lines. */
  lines?: RuleLines;
  overrides?: readonly Override[];
  /** The network's configured resolvers. */
  resolvers?: readonly Ip[];
}

/** What a flow carries. "mdns" and "ssdp": questions of `from` to a multicast group, and the answers of `to`. */
export interface Flow {
  /** Absent: an IP protocol that only "all" covers. */
  protocol?: "tcp" | "udp" | "icmp" | "mdns" | "ssdp";
  /** Destination port. Absent: one that no term names. */
  port?: number;
}

/** May `from` start this flow towards `to`? Packets of the answer belong to the flow. */
export interface Question extends World, Flow {
  from: Endpoint;
  to: Endpoint;
}

export type Because = "same device" | "no device" | "blocked" | "quarantine" | "infrastructure" | "override" | "rule" | "default";

export interface Decision {
  verdict: "allow" | "deny" | "ask";
  /** With "ask": the verdict when nobody answers in time. */
  fallback?: Fallback;
  because: Because;
  /** Index of the deciding rule. */
  rule?: number;
  /** For people: "rule 2 (line 9) allows tcp/631 from family to printers". */
  reason: string;
}

export function decide(question: Question): Decision {
  return beforeRules(question) ?? byRules(question) ?? { verdict: "deny", because: "default", reason: "no rule allows it" };
}

function beforeRules(question: Question): Decision | undefined {
  const { from, to } = question;
  if (from.kind !== "device" && to.kind !== "device") return { verdict: "deny", because: "no device", reason: "neither end is a device of this network" };
  if (from.kind === "device" && to.kind === "device" && from.mac === to.mac) return { verdict: "deny", because: "same device", reason: "a device does not reach itself through the network" };
  return byQuarantine(question, from) ?? byQuarantine(question, to) ?? byInfrastructure(question) ?? byOverride(question);
}

function byQuarantine({ policy, overrides = [] }: World, end: Endpoint): Decision | undefined {
  if (end.kind !== "device") return undefined;
  const { mac } = end;
  if (end.blocked) return { verdict: "deny", because: "blocked", reason: `${mac} is blocked at this gateway` };
  if (policy.quarantine.includes(mac)) return { verdict: "deny", because: "quarantine", reason: `${mac} is in quarantine by the policy` };
  const here = overrides.some((override) => override.kind === "quarantine" && override.device === mac);
  return here ? { verdict: "deny", because: "quarantine", reason: `${mac} was put in quarantine at this gateway` } : undefined;
}

function byInfrastructure(question: Question): Decision | undefined {
  const need = whatEveryDeviceNeeds(question);
  return need === undefined ? undefined : { verdict: "allow", because: "infrastructure", reason: `every device needs ${need}` };
}

// Ports: RFC 2131 §4.1 (67, 68), RFC 8415 §7.2 (547, 546), RFC 1035 §4.2 (53).
function whatEveryDeviceNeeds({ from, to, protocol, port, resolvers = [] }: Question): string | undefined {
  if (from.kind === "device" && to.kind === "gateway") {
    if (protocol === "icmp") return "to ping its gateway";
    if (protocol === "udp" && (port === 67 || port === 547)) return "DHCP";
  }
  if (from.kind === "gateway" && protocol === "udp" && (port === 68 || port === 546)) return "DHCP";
  const toResolver = from.kind === "device" && to.address !== undefined && resolvers.includes(to.address);
  return toResolver && port === 53 && (protocol === "udp" || protocol === "tcp") ? "the network's resolver" : undefined;
}

function byOverride(question: Question): Decision | undefined {
  const newest = (question.overrides ?? []).findLast((override) => overrideCovers(question, override, question.from, question.to) && (!("service" in override) || serviceCovers(override.service, question)));
  if (!newest) return undefined;
  if ("device" in newest) return { verdict: "deny", because: "override", reason: `${newest.device} was isolated at this gateway: it reaches no other device, and none reaches it` };
  const { kind, service, a, b } = newest;
  return { verdict: kind, because: "override", reason: `${kind === "allow" ? "allowed" : "denied"} at this gateway: ${service} from ${a} to ${b}` };
}

/** Whether the decision speaks of flows between the two, in this direction, whatever they carry. A quarantine comes before all and is not asked here. */
export function overrideCovers({ policy }: Pick<World, "policy">, override: Override, from: Endpoint, to: Endpoint): boolean {
  if (override.kind === "quarantine") return false;
  if ("device" in override) return from.kind === "device" && to.kind === "device" && (from.mac === override.device || to.mac === override.device);
  return covers(policy, override.a, from) === "certain" && covers(policy, override.b, to) === "certain";
}

function byRules(question: Question): Decision | undefined {
  for (const step of rulesBetween(question, question.from, question.to)) {
    const decision = byRule(question, step);
    if (decision) return decision;
  }
  return undefined;
}

/** A rule that covers both ends, and how surely. */
export interface Step {
  index: number;
  rule: Rule;
  coverage: Exclude<Coverage, "no">;
}

export function* rulesBetween({ policy }: World, from: Endpoint, to: Endpoint): Generator<Step> {
  for (const [index, rule] of policy.rules.entries()) {
    const a = covers(policy, rule.from, from);
    const b = a === "no" ? "no" : covers(policy, rule.to, to);
    if (b !== "no") yield { index, rule, coverage: a === "certain" && b === "certain" ? "certain" : "possible" };
  }
}

function byRule(question: Question, { index, rule, coverage }: Step): Decision | undefined {
  const service = coverage === "certain" ? servicesOf(rule).find((text) => serviceCovers(text, question)) : undefined;
  const wanted = service === undefined ? ruleOtherwise(rule, coverage) : { verdict: "allow" as const };
  if (!wanted) return undefined;
  const decision = (verdict: Decision["verdict"], note: string): Decision =>
    ({ verdict, because: "rule", rule: index, reason: `${ruleName(question, index)} ${says(verdict, service)} from ${rule.from} to ${rule.to}${note}` });
  if (passesUnanalysed(rule) && wanted.verdict !== "deny") return decision("deny", `: it would pass ${rule.analyse}, which is not enforced yet`);
  // Discovery goes to group addresses; such frames are never held.
  if (wanted.verdict === "ask" && isDiscovery(question)) return decision("deny", ": discovery is never asked about");
  const possible = coverage === "possible" ? ", of which an unknown device may be a member that cannot be told yet" : "";
  const fallback = wanted.fallback === undefined ? {} : { fallback: wanted.fallback };
  return { ...decision(wanted.verdict, possible), ...fallback };
}

/** A rule whose flows should be steered through an analysis that is not there: letting them by would be more than was written. */
export function passesUnanalysed(rule: Rule): boolean {
  return rule.analyse !== undefined && rule.how === "redirect";
}

/** What the rule says of services that its `allow` lacks. For a device that is only possibly covered, nothing that opens. */
export function ruleOtherwise(rule: Rule, coverage: "certain" | "possible"): { verdict: Decision["verdict"]; fallback?: Fallback } | undefined {
  if (rule.otherwise === "ask") return { verdict: "ask", fallback: coverage === "certain" ? rule.fallback ?? "deny" : "deny" };
  if (rule.otherwise === "allow" && coverage === "possible") return undefined;
  return rule.otherwise && { verdict: rule.otherwise };
}

export function servicesOf(rule: Rule): string[] {
  return rule.allow === "all" ? ["all"] : rule.allow ?? [];
}

/** "rule 2 (line 9)"; people count from 1. */
export function ruleName({ lines }: World, index: number): string {
  const line = lines?.rules[index];
  return line ? `rule ${index + 1} (line ${line})` : `rule ${index + 1}`;
}

function says(verdict: Decision["verdict"], service: string | undefined): string {
  const what = service ?? "what it does not list";
  return { allow: `allows ${what}`, deny: `denies ${what}`, ask: `asks about ${what}` }[verdict];
}

function covers(policy: Policy, end: string, endpoint: Endpoint): Coverage {
  const resolved = resolveEnd(end);
  if (endpoint.kind !== "device") return resolved.kind === endpoint.kind ? "certain" : "no";
  return coverage(policy, resolved, endpoint.mac);
}
