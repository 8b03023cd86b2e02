// SPDX-License-Identifier: Apache-2.0
// Rules in the order that flows need: each gets a level, and rules of one level with the same ends become one clause (one part of the flows).
import { type Fallback, hasUnenforced, parseService, passesUnanalysed, type Policy, resolveEnd, type Rule, ruleOtherwise, servicesOf, type ServiceTerm } from "@securebox/contract";
import { endKey, type FlowEnd } from "./ends.ts";
import { CapacityError } from "./groups.ts";
import type { Override } from "./network.ts";

/** What a clause says of flows that its terms leave. */
export type Rest = { verdict: "allow" | "deny" } | { verdict: "ask"; fallback: Fallback };

export interface Clause {
  /** Priority of `rest`; see PRIORITY. */
  priority: number;
  from: FlowEnd;
  to: FlowEnd;
  terms: ServiceTerm[];
  /** "deny" for what would have to pass an analysis that is not there. */
  termVerdict: "allow" | "deny";
  rest?: Rest;
}

/** Priorities in table policy. A level has `STEP` of them: rest, verdicts or denied terms, allowed terms. */
export const PRIORITY = { invalid: 60_000, neighbour: 59_000, dnsHold: 58_000, dhcpHold: 57_500, infrastructure: 57_000, override: 56_000, asked: 55_000, lowestLevel: 100, step: 4 } as const;
export const VERDICT = 1;
export const DENIED_TERM = 1;
export const ALLOWED_TERM = 2;
const LEVELS = Math.floor((PRIORITY.asked - PRIORITY.lowestLevel) / PRIORITY.step);
/** Decisions of one verdict in a row share a level: which of them came first does not matter. A level has a priority each for isolation, denied and allowed terms. */
const OVERRIDE_STEP = 3;
const OVERRIDE_LEVELS = Math.floor((PRIORITY.infrastructure - PRIORITY.override) / OVERRIDE_STEP);

type Resolve = (end: string) => FlowEnd | undefined;

/** Clauses of the overrides and the rules. Levels count from the last rule: a rule that ends a level has every rule before it above it. Throws CapacityError. */
export function clausesOf(policy: Policy, overrides: readonly Override[], resolve: Resolve): Clause[] {
  const clauses: Clause[] = [];
  addOverrides(clauses, overrides.filter(({ kind }) => kind !== "quarantine"), resolve);
  let level = 0;
  for (const rule of [...policy.rules].reverse()) {
    if (rule.otherwise !== undefined || passesUnanalysed(rule)) level++;
    if (level >= LEVELS) throw new CapacityError(`more than ${LEVELS} rules with "otherwise"`);
    addRule(clauses, policy, rule, PRIORITY.lowestLevel + level * PRIORITY.step, resolve);
  }
  return merge(clauses);
}

/** Newest last and highest: it decides. */
function addOverrides(clauses: Clause[], overrides: readonly Override[], resolve: Resolve): void {
  let level = 0;
  for (const [index, override] of overrides.entries()) {
    if (index > 0 && (override.kind === "allow") !== (overrides[index - 1]!.kind === "allow")) level++;
    if (level >= OVERRIDE_LEVELS) throw new CapacityError(`more than ${OVERRIDE_LEVELS} decisions at this gateway that allow and deny in turn`);
    const priority = PRIORITY.override + level * OVERRIDE_STEP;
    if ("service" in override) {
      add(clauses, resolve, override.a, override.b, { priority, terms: termsOf([override.service]), termVerdict: override.kind });
    } else {
      const none = { priority, terms: [], termVerdict: "deny" as const, rest: { verdict: "deny" as const } };
      add(clauses, resolve, override.device, "all", none);
      add(clauses, resolve, "all", override.device, none);
    }
  }
}

function addRule(clauses: Clause[], policy: Policy, rule: Rule, priority: number, resolve: Resolve): void {
  const certain = { priority, terms: termsOf(servicesOf(rule)), termVerdict: passesUnanalysed(rule) ? "deny" as const : "allow" as const, rest: restOf(rule, "certain") };
  add(clauses, resolve, rule.from, rule.to, certain);
  const rest = restOf(rule, "possible");
  if (!rest) return;
  const possible = { priority, terms: [], termVerdict: "allow" as const, rest };
  const from = hasUnenforced(policy, resolveEnd(rule.from));
  const to = hasUnenforced(policy, resolveEnd(rule.to));
  if (from) add(clauses, resolve, "unknown", rule.to, possible);
  if (to) add(clauses, resolve, rule.from, "unknown", possible);
  if (from && to) add(clauses, resolve, "unknown", "unknown", possible);
}

function restOf(rule: Rule, coverage: "certain" | "possible"): Rest | undefined {
  const otherwise = ruleOtherwise(rule, coverage);
  if (!otherwise) return undefined;
  if (passesUnanalysed(rule)) return { verdict: "deny" };
  return otherwise.verdict === "ask" ? { verdict: "ask", fallback: otherwise.fallback ?? "deny" } : { verdict: otherwise.verdict };
}

function termsOf(services: readonly string[]): ServiceTerm[] {
  return services.flatMap((text) => {
    const term = parseService(text);
    return term.ok ? [term.value] : [];
  });
}

function add(clauses: Clause[], resolve: Resolve, from: string, to: string, rest: Omit<Clause, "from" | "to">): void {
  const ends = [resolve(from), resolve(to)];
  if (ends[0] && ends[1] && (rest.terms.length > 0 || rest.rest)) clauses.push({ ...rest, from: ends[0], to: ends[1] });
}

/** One clause for those of the same level and ends: they share their flows, and none must be written or removed twice. */
function merge(clauses: Clause[]): Clause[] {
  const byKey = new Map<string, Clause>();
  for (const clause of clauses) {
    const key = clauseKey(clause);
    const known = byKey.get(key);
    byKey.set(key, known ? { ...known, terms: [...known.terms, ...clause.terms], rest: known.rest ?? clause.rest } : clause);
  }
  return [...byKey.values()];
}

export function clauseKey({ priority, from, to, termVerdict }: Clause): string {
  return `${priority}${termVerdict === "deny" ? "!" : ""}/${endKey(from)}/${endKey(to)}`;
}
