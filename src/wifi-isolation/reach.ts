// SPDX-License-Identifier: Apache-2.0
// Who may reach whom around one device. Only rules and decisions that may speak of it are looked at, and peers about which all these say the same are asked about
// once, so that 250 of them cost as much as there are kinds of them.
import { hasUnenforced, isEnforced, resolveEnd, type Endpoint, type Policy, type World } from "@securebox/contract";
import { reachBetween } from "./explain.ts";
import type { Mac } from "./network.ts";

export interface OneWay {
  /** Of a new flow. "allow" also when only some services are open: then `services` lists them. */
  verdict: "allow" | "deny" | "ask";
  services?: string[];
}

export interface Between {
  to: OneWay;
  from: OneWay;
}

/** For each peer what the device may start towards it (`to`), and it towards the device (`from`). */
export function reachOf(whole: World, device: Endpoint & { kind: "device" }, peers: readonly Endpoint[]): Between[] {
  const members = groupsByMac(whole.policy);
  const { world, named } = aroundDevice(whole, device.mac, members);
  const known = new Map<string, Between>();
  return peers.map((peer) => {
    const groups = peer.kind === "device" ? members.get(peer.mac) ?? [] : [];
    const key = peer.kind === "device" ? JSON.stringify([named.has(peer.mac) ? peer.mac : "", peer.blocked === true, groups.length > 0, groups.filter((name) => named.has(name))]) : peer.kind;
    let between = known.get(key);
    if (!between) {
      const narrowed = { ...world, policy: { ...world.policy, groups: groupsFor(whole.policy, named, members, peer.kind === "device" ? [device.mac, peer.mac] : [device.mac]) } };
      between = { to: oneWay(narrowed, device, peer), from: oneWay(narrowed, peer, device) };
      known.set(key, between);
    }
    return between;
  });
}

/** The rules and decisions that may speak of the device, in their order, and what they name. Positions of rules are lost: nobody is told them here. */
function aroundDevice({ policy, overrides = [], resolvers }: World, mac: Mac, members: ReadonlyMap<Mac, string[]>): { world: World; named: Set<string> } {
  const mayBe = (text: string): boolean => {
    const end = resolveEnd(text);
    if (end.kind === "group") return (members.get(mac) ?? []).includes(end.name) || hasUnenforced(policy, end);
    return end.kind === "device" ? end.mac === mac : end.kind === "all" || end.kind === "unknown";
  };
  const rules = policy.rules.filter(({ from, to }) => mayBe(from) || mayBe(to));
  const decisions = overrides.filter((each) => !("a" in each) || mayBe(each.a) || mayBe(each.b));
  const named = [...policy.quarantine, ...rules.flatMap(({ from, to }) => [from, to]), ...decisions.flatMap((each) => ("a" in each ? [each.a, each.b] : [each.device]))];
  return { world: { policy: { ...policy, rules }, overrides: decisions, resolvers }, named: new Set(named) };
}

/** Groups that are named, with these members alone. A device that is in any group is not unknown, though nothing may name that group. */
function groupsFor(policy: Policy, named: ReadonlySet<string>, members: ReadonlyMap<Mac, string[]>, macs: readonly Mac[]): Policy["groups"] {
  const groups: Policy["groups"] = { "": macs.filter((mac) => members.has(mac)).map((mac) => ({ mac })) };
  for (const name of named) {
    if (!Object.hasOwn(policy.groups, name)) continue;
    groups[name] = [...policy.groups[name]!.filter((member) => !isEnforced(member)), ...macs.filter((mac) => members.get(mac)?.includes(name)).map((mac) => ({ mac }))];
  }
  return groups;
}

function oneWay(world: World, from: Endpoint, to: Endpoint): OneWay {
  const { allowed, otherwise: { verdict } } = reachBetween(world, from, to);
  return verdict === "deny" && allowed.length > 0 ? { verdict: "allow", services: allowed.map(({ service }) => service) } : { verdict };
}

function groupsByMac(policy: Policy): Map<Mac, string[]> {
  const groups = new Map<Mac, string[]>();
  for (const [name, list] of Object.entries(policy.groups)) {
    for (const member of list) if (isEnforced(member)) groups.set(member.mac, [...(groups.get(member.mac) ?? []), name]);
  }
  return groups;
}
