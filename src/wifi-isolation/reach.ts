// SPDX-License-Identifier: Apache-2.0
// Who may reach whom around one device. Peers about which every rule and every decision of an operator says the same are asked about once, so that 250 of them cost
// as much as there are kinds of them.
import { isEnforced, type Endpoint, type Policy, type World } from "@securebox/contract";
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
export function reachOf(world: World, device: Endpoint & { kind: "device" }, peers: readonly Endpoint[]): Between[] {
  const members = groupsByMac(world.policy);
  const named = namedIn(world);
  const unenforced = Object.entries(world.policy.groups).map(([name, list]): [string, Policy["groups"][string]] => [name, list.filter((member) => !isEnforced(member))]);
  const known = new Map<string, Between>();
  return peers.map((peer) => {
    const key = kindOf(peer, members, named);
    let between = known.get(key);
    if (!between) {
      const macs = peer.kind === "device" ? [device.mac, peer.mac] : [device.mac];
      const groups = Object.fromEntries(unenforced.map(([name, rest]) => [name, [...rest, ...macs.filter((mac) => members.get(mac)?.includes(name)).map((mac) => ({ mac }))]]));
      const narrowed = { ...world, policy: { ...world.policy, groups } };
      between = { to: oneWay(narrowed, device, peer), from: oneWay(narrowed, peer, device) };
      known.set(key, between);
    }
    return between;
  });
}

function oneWay(world: World, from: Endpoint, to: Endpoint): OneWay {
  const { allowed, otherwise: { verdict } } = reachBetween(world, from, to);
  return verdict === "deny" && allowed.length > 0 ? { verdict: "allow", services: allowed.map(({ service }) => service) } : { verdict };
}

function kindOf(end: Endpoint, members: ReadonlyMap<Mac, string[]>, named: ReadonlySet<string>): string {
  if (end.kind !== "device") return end.kind;
  return `${named.has(end.mac) ? end.mac : ""} ${end.blocked === true} ${(members.get(end.mac) ?? []).join()}`;
}

function groupsByMac(policy: Policy): Map<Mac, string[]> {
  const groups = new Map<Mac, string[]>();
  for (const [name, list] of Object.entries(policy.groups)) {
    for (const member of list) if (isEnforced(member)) groups.set(member.mac, [...(groups.get(member.mac) ?? []), name]);
  }
  return groups;
}

function namedIn({ policy, overrides = [] }: World): Set<string> {
  return new Set([...policy.quarantine, ...policy.rules.flatMap(({ from, to }) => [from, to]), ...overrides.flatMap((each) => ("a" in each ? [each.a, each.b] : [each.device]))]);
}
