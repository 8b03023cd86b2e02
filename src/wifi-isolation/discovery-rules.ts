// SPDX-License-Identifier: Apache-2.0
// Who receives a device's mDNS and SSDP frames. Devices whose frames go to the same receivers share one tree of copies (see parts/fanout.ts).
import type { ServiceTerm } from "@securebox/contract";
import { ALLOWED_TERM, DENIED_TERM, type Clause } from "./clauses.ts";
import { hash32 } from "./cookie.ts";
import { BIT } from "./groups.ts";
import { endKey, holdsDevice, type FlowEnd, type Identity } from "./ends.ts";

export type DiscoveryProtocol = "mdns" | "ssdp";

/** The first entry that holds a device decides about it. */
export interface Entry {
  end: FlowEnd;
  allow: boolean;
}

/** `forward`: who may be asked; `mirrored`: who may ask, and so hears answers and announcements that go to the group (mDNS responses, SSDP's NOTIFY). */
export interface Receivers {
  forward: Entry[];
  mirrored: Entry[];
}

export interface Tree extends Receivers {
  /** In reg2 while copies are made. */
  id: number;
  key: string;
}

interface DiscoveryRule {
  rank: number;
  from: FlowEnd;
  to: FlowEnd;
  allow: boolean;
}

/** What the clauses say about one protocol, in the order in which they decide. */
export function discoveryRules(clauses: Iterable<Clause>, protocol: DiscoveryProtocol): DiscoveryRule[] {
  const rules: DiscoveryRule[] = [];
  for (const { priority, from, to, terms, termVerdict, rest } of clauses) {
    const allow = termVerdict === "allow";
    if (terms.some((term) => covers(term, protocol))) rules.push({ rank: priority + (allow ? ALLOWED_TERM : DENIED_TERM), from, to, allow });
    // Discovery goes to group addresses; such frames are never held, so "ask" denies.
    if (rest) rules.push({ rank: priority, from, to, allow: rest.verdict === "allow" });
  }
  return rules.sort((a, b) => b.rank - a.rank);
}

function covers(term: ServiceTerm, protocol: DiscoveryProtocol): boolean {
  return term.kind === "all" || (term.kind === "discovery" && term.protocol === protocol);
}

export function receiversOf(rules: readonly DiscoveryRule[], sender: (end: FlowEnd) => boolean): Receivers {
  const forward = rules.filter(({ from }) => sender(from)).map(({ to, allow }) => ({ end: to, allow }));
  const mirrored = rules.filter(({ to }) => sender(to)).map(({ from, allow }) => ({ end: from, allow }));
  return { forward: trim(forward), mirrored: trim(mirrored) };
}

/** Denials after the last permission say nothing, and an end counts where it stands first. */
function trim(entries: Entry[]): Entry[] {
  const seen = new Set<string>();
  const first = entries.filter(({ end }) => !seen.has(endKey(end)) && seen.add(endKey(end)));
  return first.slice(0, first.findLastIndex(({ allow }) => allow) + 1);
}

export function receiversKey({ forward, mirrored }: Receivers): string {
  const text = (entries: Entry[]): string => entries.map(({ end, allow }) => `${allow ? "+" : "-"}${endKey(end)}`).join("");
  return `${text(forward)}|${text(mirrored)}`;
}

export function receives(receivers: Receivers, device: Identity): boolean {
  return allowed(receivers.forward, device) || allowed(receivers.mirrored, device);
}

function allowed(entries: readonly Entry[], device: Identity): boolean {
  return entries.find(({ end }) => holdsDevice(end, device))?.allow ?? false;
}

/** Whether the router (or what lies with it upstream) is among the receivers. */
export function reachesGateway({ forward, mirrored }: Receivers): boolean {
  return [...forward, ...mirrored].some(({ end, allow }) => allow && "bit" in end && end.bit === BIT.gateway);
}

export function treeOf(receivers: Receivers): Tree {
  const key = receiversKey(receivers);
  return { ...receivers, key, id: hash32(key) };
}

/** Every device: router advertisements. */
export const EVERYBODY: Tree = treeOf({ forward: [{ end: { bit: BIT.all }, allow: true }], mirrored: [] });
