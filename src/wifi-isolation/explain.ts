// SPDX-License-Identifier: Apache-2.0
// Decisions and policies in sentences: `securebox explain`, and the "may reach" lines of `status`.
import { decide, overrideCovers, parseService, passesUnanalysed, ruleName, ruleOtherwise, rulesBetween, servicesOf, type Decision, type Endpoint, type Question, type World } from "@securebox/contract";

/** What one end may start towards another: some services by some rules, and one verdict for all others. */
export interface Reach {
  to: Endpoint;
  allowed: { service: string; rule?: number; reason: string }[];
  /** What an operator took out of that: of `allowed`, which has none that is taken out wholly, and of `otherwise`. */
  denied: string[];
  otherwise: Decision;
}

/** Everything `from` may start towards `to`. Names and prefixes of `to: internet` are listed as written. */
export function reachBetween(world: World, from: Endpoint, to: Endpoint): Reach {
  const otherwise = decide({ ...world, from, to });
  const decidedBefore = otherwise.because !== "rule" && otherwise.because !== "default" && otherwise.because !== "override";
  if (decidedBefore) return { to, allowed: [], denied: [], otherwise };
  const { allowed, denied, wholly } = byOperator(world, from, to);
  if (!wholly) allowed.push(...allowedByRules(world, from, to).filter(({ service }) => !denied.some((other) => within(service, other))));
  return { to, allowed, denied, otherwise };
}

/** The newest first, up to one that speaks of everything: then no older one and no rule counts. */
function byOperator(world: World, from: Endpoint, to: Endpoint): Pick<Reach, "allowed" | "denied"> & { wholly: boolean } {
  const allowed: Reach["allowed"] = [];
  const denied: string[] = [];
  for (const override of [...world.overrides ?? []].reverse()) {
    if (!overrideCovers(world, override, from, to)) continue;
    const service = "service" in override ? override.service : "all";
    if (override.kind === "allow" && !denied.some((other) => within(service, other))) allowed.push({ service, reason: "allowed at this gateway" });
    if (service === "all") return { allowed, denied, wholly: true };
    if (override.kind === "deny" && !allowed.some((other) => within(service, other.service))) denied.push(service);
  }
  return { allowed, denied, wholly: false };
}

/** Whether all that one service names is named by the other, too. */
function within(service: string, other: string): boolean {
  const [one, all] = [parseService(service), parseService(other)];
  if (service === other || (all.ok && all.value.kind === "all")) return true;
  if (!one.ok || !all.ok || one.value.kind !== "traffic" || all.value.kind !== "traffic") return false;
  const [{ ports, prefix, name }, outer] = [one.value, all.value];
  const sameRemote = (outer.prefix === undefined && outer.name === undefined) || (prefix === outer.prefix && name === outer.name);
  const samePorts = !outer.ports || (ports !== undefined && ports.first >= outer.ports.first && ports.last <= outer.ports.last);
  return sameRemote && samePorts && (outer.protocol === undefined || outer.protocol === one.value.protocol);
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
export function formatReach({ to, allowed, denied, otherwise }: Reach): string {
  const except = denied.length > 0 ? ` but not ${denied.join(", ")} (denied at this gateway)` : "";
  if (otherwise.verdict === "allow") return `${formatEndpoint(to)}: everything${except} (${otherwise.reason})`;
  const byReason = new Map<string, string[]>();
  for (const { service, reason } of allowed) byReason.set(reason, [...(byReason.get(reason) ?? []), service]);
  const parts = [...byReason].map(([reason, services]) => `${services.join(", ")} (${reason})`);
  return `${formatEndpoint(to)}: ${parts.join("; ") || "nothing listed"}${except}; else ${formatVerdict(otherwise)} (${otherwise.reason})`;
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
