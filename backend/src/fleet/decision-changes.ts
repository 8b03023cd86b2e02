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

/** At most `limit` changes; `cut`: why there may be more. `patience`: milliseconds. */
export async function decisionChanges(before: Policy | undefined, after: Policy, macs: readonly string[], limit: number, patience = DEADLINE): Promise<{ changes: Changes; cut: DryRunCut[] }> {
  const classes = classesOf(before ? [before, after] : [after], macs);
  const changes: Changes = [];
  const end = performance.now() + patience;
  let slice = performance.now();
  for (const change of compareDecisions(before, after, pairsOf([...classes.values()]))) {
    // One more than is shown tells "200" from "more than 200".
    if (change) changes.push(...expand(change, classes, limit + 1 - changes.length));
    if (changes.length > limit) return { changes: changes.slice(0, limit), cut: ["changes"] };
    if (performance.now() > end) return { changes, cut: ["time"] };
    if (performance.now() - slice < SLICE) continue;
    await new Promise((resolve) => setImmediate(resolve));
    slice = performance.now();
  }
  return { changes, cut: [] };
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

/** What holds for a pair, for all that it stands for. */
function expand(change: Changes[number], classes: ReadonlyMap<string, string[]>, limit: number): Changes {
  const members = (end: string): string[] => classes.get(end) ?? [...classes.values()].find((all) => all.includes(end)) ?? [end];
  const found: Changes = [];
  for (const from of members(change.from)) {
    for (const to of members(change.to)) {
      if (found.length >= limit) return found;
      if (from !== to) found.push({ ...change, from, to });
    }
  }
  return found;
}
