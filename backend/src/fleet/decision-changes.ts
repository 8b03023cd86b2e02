// SPDX-License-Identifier: Apache-2.0
/*
 * Which decisions between known devices a new policy changes. Devices that both policies treat alike (same groups, no rule of their own) are one class, of
 * which one pair is asked and stands for all; asking gives way to the event loop and ends in time.
 */
import { compareDecisions, groupsOf, type Endpoint, type Policy } from "@securebox/contract";
import type { DryRun, DryRunCut } from "../ports.ts";

/** Milliseconds. */
const SLICE = 10;
const DEADLINE = 4000;

type Changes = DryRun["changes"];

/** The first `limit` changes of `total`; `cut`: why there are more, or may be. `patience`: milliseconds. */
export async function decisionChanges(before: Policy | undefined, after: Policy, macs: readonly string[], limit: number, patience = DEADLINE): Promise<{ changes: Changes; total: number; cut: DryRunCut[] }> {
  const classes = classesOf(before ? [before, after] : [after], macs);
  const changes: Changes = [];
  let total = 0;
  const outcome = (late: boolean): { changes: Changes; total: number; cut: DryRunCut[] } => ({ changes, total, cut: [...(total > changes.length ? ["changes" as const] : []), ...(late ? ["time" as const] : [])] });
  const end = performance.now() + patience;
  let slice = performance.now();
  for (const change of compareDecisions(before, after, pairsOf([...classes.values()]))) {
    if (change) {
      const ends = endsOf(change, classes);
      total += sizeOf(ends);
      changes.push(...expand(change, ends, limit - changes.length));
    }
    if (performance.now() > end) return outcome(true);
    if (performance.now() - slice < SLICE) continue;
    await new Promise((resolve) => setImmediate(resolve));
    slice = performance.now();
  }
  return outcome(false);
}

/** By the first device of each. */
function classesOf(policies: readonly Policy[], macs: readonly string[]): Map<string, string[]> {
  const named = new Set(policies.flatMap(({ rules, quarantine }) => [...quarantine, ...rules.flatMap(({ from, to }) => [from, to])]));
  const byNature = new Map<string, string[]>();
  for (const mac of macs) {
    const nature = named.has(mac) ? mac : JSON.stringify(policies.map((policy) => groupsOf(policy, mac)));
    byNature.set(nature, [...(byNature.get(nature) ?? []), mac]);
  }
  return new Map([...byNature.values()].map((members) => [members[0]!, members]));
}

function* pairsOf(classes: readonly string[][]): Iterable<[Endpoint, Endpoint]> {
  const device = (mac: string): Endpoint => ({ kind: "device", mac });
  for (const from of classes) {
    for (const to of classes) {
      const other = from === to ? to[1] : to[0];
      if (other !== undefined) yield [device(from[0]!), device(other)];
    }
    for (const kind of ["internet", "gateway"] as const) {
      yield [device(from[0]!), { kind }];
      yield [{ kind }, device(from[0]!)];
    }
  }
}

interface Ends { from: readonly string[]; to: readonly string[] }

/** What holds for a pair, holds for all pairs of different members of these. */
function endsOf({ from, to }: Changes[number], classes: ReadonlyMap<string, string[]>): Ends {
  const members = (end: string): string[] => classes.get(end) ?? [...classes.values()].find((all) => all.includes(end)) ?? [end];
  return { from: members(from), to: members(to) };
}

function sizeOf({ from, to }: Ends): number {
  return from.length * to.length - (from === to ? from.length : 0);
}

function expand(change: Changes[number], ends: Ends, limit: number): Changes {
  const found: Changes = [];
  for (const from of ends.from) {
    for (const to of ends.to) {
      if (found.length >= limit) return found;
      if (from !== to) found.push({ ...change, from, to });
    }
  }
  return found;
}
