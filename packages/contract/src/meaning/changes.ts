// SPDX-License-Identifier: Apache-2.0
// What a new policy would open and close, told by asking both policies the same questions.
import type { Policy, ServiceTerm } from "../policy.ts";
import { parseService } from "../service.ts";
import { decide, servicesOf, type Decision, type Endpoint, type Flow } from "./decide.ts";

/** A decision that is another one under the new policy. `before` and `after`: "allow", "deny" or "ask". */
export interface ChangedDecision {
  /** A MAC address, "internet" or "gateway". */
  from: string;
  to: string;
  /** As in a rule; "anything else" stands for traffic that no rule of either policy names. */
  service: string;
  before: Decision["verdict"];
  after: Decision["verdict"];
}

export interface Changes {
  changes: ChangedDecision[];
  /** Whether there are more: the limit of changes was met, or of questions. */
  more: boolean;
}

/** Questions asked at most: 250 devices with a few services each. More devices than that are compared in part, and `more` says so. */
const MAX_QUESTIONS = 400_000;
const NOTHING: Policy = { version: 1, network: "", mode: "intelligent-edge", groups: {}, rules: [], quarantine: [] };

/** Compares decisions about flows between the devices, and of each with internet and gateway, for every service that a rule of either policy names. */
export function changedDecisions(before: Policy | undefined, after: Policy, devices: readonly { mac: string }[], limit = 200): Changes {
  const outcome: Changes = { changes: [], more: false };
  let questions = 0;
  for (const change of compareDecisions(before, after, pairs(devices))) {
    if (++questions > MAX_QUESTIONS || outcome.changes.length === limit) return { ...outcome, more: true };
    if (change) outcome.changes.push(change);
  }
  return outcome;
}

/** The same for pairs of the caller's choice, question by question (undefined: no change), so that the caller can pause. */
export function* compareDecisions(before: Policy | undefined, after: Policy, ends: Iterable<readonly [Endpoint, Endpoint]>): Generator<ChangedDecision | undefined, void> {
  const flows = [...flowsNamed(before ?? NOTHING, after)];
  for (const [from, to] of ends) {
    for (const { service, flow, remote } of flows) {
      const end = to.kind === "internet" ? { ...to, ...remote } : to;
      if (remote && to.kind !== "internet") continue;
      const [old, now] = [decide({ policy: before ?? NOTHING, from, to: end, ...flow }), decide({ policy: after, from, to: end, ...flow })];
      yield old.verdict === now.verdict ? undefined : { from: nameOf(from), to: nameOf(to), service, before: old.verdict, after: now.verdict };
    }
  }
}

function* pairs(devices: readonly { mac: string }[]): Iterable<[Endpoint, Endpoint]> {
  const ends = devices.map(({ mac }): Endpoint => ({ kind: "device", mac }));
  for (const from of ends) {
    for (const to of ends) if (from !== to) yield [from, to];
    for (const kind of ["internet", "gateway"] as const) yield [from, { kind }];
  }
  for (const kind of ["internet", "gateway"] as const) for (const to of ends) yield [{ kind }, to];
}

interface NamedFlow {
  service: string;
  flow: Flow;
  /** What the internet's end must be, for services that name it. */
  remote?: { address?: string; names?: string[] };
}

/** One flow for each service that a rule names, and one that none names. */
function* flowsNamed(...policies: Policy[]): Iterable<NamedFlow> {
  const services = new Set(policies.flatMap(({ rules }) => rules.flatMap(servicesOf)));
  services.delete("all");
  for (const service of services) {
    const term = parseService(service);
    if (term.ok && term.value.kind !== "all") yield { service, ...flowOf(term.value) };
  }
  yield { service: "anything else", flow: {} };
}

function flowOf(term: Exclude<ServiceTerm, { kind: "all" }>): Omit<NamedFlow, "service"> {
  if (term.kind === "discovery") return { flow: { protocol: term.protocol } };
  const flow: Flow = { protocol: term.protocol ?? (term.ports ? "tcp" : undefined), port: term.ports?.first };
  if (term.prefix !== undefined) return { flow, remote: { address: term.prefix.split("/")[0] } };
  return term.name === undefined ? { flow } : { flow, remote: { names: [term.name.replace("*", "www")] } };
}

function nameOf(end: Endpoint): string {
  return end.kind === "device" ? end.mac : end.kind;
}
