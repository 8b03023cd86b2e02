// SPDX-License-Identifier: Apache-2.0
// Which devices a policy's words stand for.
import type { Policy } from "../policy.ts";
import { isEnforced } from "../unenforced.ts";

type Mac = string;

/** What `from` and `to` of a rule name. */
export type End =
  | { kind: "group"; name: string }
  | { kind: "device"; mac: Mac }
  | { kind: "all" | "unknown" | "internet" | "gateway" };

/** "family", "02:...", "all", "unknown", "internet" or "gateway", as in a validated policy: what is no reserved word and has no colon is a group. */
export function resolveEnd(text: string): End {
  if (text === "all" || text === "unknown" || text === "internet" || text === "gateway") return { kind: text };
  return text.includes(":") ? { kind: "device", mac: text } : { kind: "group", name: text };
}

/** Names of the groups that hold the device by an enforced selector, in the order of the policy. */
export function groupsOf(policy: Policy, mac: Mac): string[] {
  return Object.keys(policy.groups).filter((name) => isMember(policy, name, mac));
}

export function isMember(policy: Policy, group: string, mac: Mac): boolean {
  return membersOf(policy, group).some((member) => isEnforced(member) && member.mac === mac);
}

/** A device that no enforced selector of any group names. A MAC that only stands in a rule or in `quarantine` is still unknown. */
export function isUnknown(policy: Policy, mac: Mac): boolean {
  return !Object.keys(policy.groups).some((name) => isMember(policy, name, mac));
}

/** Whether the end is a group with a member that cannot be told yet (psk, fingerprint, mud). */
export function hasUnenforced(policy: Policy, end: End): boolean {
  return end.kind === "group" && membersOf(policy, end.name).some((member) => !isEnforced(member));
}

/**
 * How surely an end covers a device: "certain", "possible" (the device is unknown, and the group has members that cannot be told yet:
 * it may be one of them) or "no". Only a certain device gains by a rule; one that restricts holds for a possible one too.
 */
export type Coverage = "certain" | "possible" | "no";

export function coverage(policy: Policy, end: End, mac: Mac): Coverage {
  switch (end.kind) {
    case "all": return "certain";
    case "device": return end.mac === mac ? "certain" : "no";
    case "unknown": return isUnknown(policy, mac) ? "certain" : "no";
    case "group":
      if (isMember(policy, end.name, mac)) return "certain";
      return hasUnenforced(policy, end) && isUnknown(policy, mac) ? "possible" : "no";
    default: return "no";
  }
}

function membersOf(policy: Policy, group: string) {
  return Object.hasOwn(policy.groups, group) ? policy.groups[group]! : [];
}
