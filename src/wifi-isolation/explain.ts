// SPDX-License-Identifier: Apache-2.0
// Decisions and policies in sentences: `securebox explain`, and the "may reach" lines of `status`.
import { decide, passesUnanalysed, ruleName, ruleOtherwise, rulesBetween, servicesOf, type Decision, type Endpoint, type Question, type World } from "@securebox/contract";

/** What one end may start towards another: some services by some rules, and one verdict for all others. */
export interface Reach {
  to: Endpoint;
  allowed: { service: string; rule?: number; reason: string }[];
  otherwise: Decision;
}

/** Everything `from` may start towards `to`. Names and prefixes of `to: internet` are listed as written. */
export function reachBetween(world: World, from: Endpoint, to: Endpoint): Reach {
  const otherwise = decide({ ...world, from, to });
  const decidedBefore = otherwise.because !== "rule" && otherwise.because !== "default" && otherwise.because !== "override";
  if (decidedBefore) return { to, allowed: [], otherwise };
  return { to, allowed: [...allowedByOperator(world, from, to), ...allowedByRules(world, from, to)], otherwise };
}

function allowedByOperator(world: World, from: Endpoint, to: Endpoint): Reach["allowed"] {
  return (world.overrides ?? []).flatMap((override) => {
    if (override.kind !== "allow") return [];
    // The rule that would say the same, asked about these ends alone.
    const rule = { from: override.a, to: override.b, allow: [override.service] };
    const [step] = rulesBetween({ policy: { ...world.policy, rules: [rule] } }, from, to);
    return step?.coverage === "certain" ? [{ service: override.service, reason: "allowed at this gateway" }] : [];
  });
}

function allowedByRules(world: World, from: Endpoint, to: Endpoint): Reach["allowed"] {
  const allowed: Reach["allowed"] = [];
  for (const { index, rule, coverage } of rulesBetween(world, from, to)) {
    const services = coverage === "certain" && !passesUnanalysed(rule) ? servicesOf(rule) : [];
    for (const service of services) allowed.push({ service, rule: index, reason: ruleName(world, index) });
    if (rule.allow === "all" || ruleOtherwise(rule, coverage)) break;
  }
  return allowed;
}

/** What the device may start towards the internet, the gateway and each of `others`; ends towards which nothing is open are left out. */
export function reachable(world: World, device: Endpoint, others: readonly Endpoint[] = []): Reach[] {
  const ends: Endpoint[] = [{ kind: "internet" }, { kind: "gateway" }, ...others];
  return ends.map((end) => reachBetween(world, device, end)).filter((reach) => reach.allowed.length > 0 || reach.otherwise.verdict !== "deny");
}

/** "internet: tcp/443, dns:*.example.org (rule 3); else asked, denied without an answer". */
export function formatReach({ to, allowed, otherwise }: Reach): string {
  if (otherwise.verdict === "allow") return `${formatEndpoint(to)}: everything (${otherwise.reason})`;
  const byReason = new Map<string, string[]>();
  for (const { service, reason } of allowed) byReason.set(reason, [...(byReason.get(reason) ?? []), service]);
  const parts = [...byReason].map(([reason, services]) => `${services.join(", ")} (${reason})`);
  return `${formatEndpoint(to)}: ${parts.join("; ") || "nothing listed"}; else ${formatVerdict(otherwise)} (${otherwise.reason})`;
}

export function formatEndpoint(end: Endpoint): string {
  if (end.kind === "device") return end.name ? `${end.name} (${end.mac})` : end.mac;
  const name = end.kind === "internet" ? end.names?.[0] : undefined;
  const parts = [name, end.address].filter((part) => part !== undefined);
  return parts.length > 0 ? `${end.kind} ${parts.join(" ")}` : end.kind;
}

function formatVerdict({ verdict, fallback }: Decision): string {
  if (verdict === "ask") return `asked, ${fallback === "allow" ? "allowed" : "denied"} without an answer`;
  return verdict === "allow" ? "allowed" : "denied";
}

/** Answer, reason, and the other direction, one line each. Without a protocol: all that is open between the two. */
export function explain(question: Question): string[] {
  const { from, to } = question;
  if (question.protocol === undefined) {
    return [[from, to], [to, from]].map(([a, b]) => `${formatEndpoint(a!)} -> ${formatReach(reachBetween(question, a!, b!))}`);
  }
  const service = question.port === undefined ? question.protocol : `${question.protocol}/${question.port}`;
  const forward = decide(question);
  const back = decide({ ...question, from: to, to: from });
  return [
    `${formatEndpoint(from)} -> ${formatEndpoint(to)} ${service}: ${formatVerdict(forward)}`,
    `because ${forward.reason}`,
    ...directions(question, forward),
    `the other way round, started by ${formatEndpoint(to)}: ${formatVerdict(back)}, ${back.reason}`,
  ];
}

function directions({ from, to, protocol }: Question, { verdict }: Decision): string[] {
  if (verdict === "deny") return [];
  const [a, b] = [formatEndpoint(from), formatEndpoint(to)];
  if (protocol === "mdns" || protocol === "ssdp") return [`questions of ${a} reach ${b}, answers of ${b} reach ${a}`];
  return [`${a} starts the flow; answers of ${b} pass with it`];
}
