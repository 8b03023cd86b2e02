// SPDX-License-Identifier: Apache-2.0
// What is allowed to stand in a policy but probably not meant: rules that never decide.
import type { Policy, Rule } from "./policy.ts";
import { quote, type Report } from "./problem.ts";

const OUTSIDE = ["internet", "gateway"];

export function warnAbout(policy: Policy, report: Report): void {
  for (const [name, members] of Object.entries(policy.groups)) {
    if (members.length === 0) report.warn(["groups", name], `the group ${quote(name)} has no member`, "", undefined, "key");
  }
  const earlier = new Earlier(policy);
  for (const [index, rule] of policy.rules.entries()) {
    const reason = whyIdle(policy, rule, earlier);
    if (reason) report.warn(["rules", index], `the rule never decides: ${reason}`);
    if (rule.fallback && rule.otherwise !== "ask" && !rule.analyse) {
      report.warn(["rules", index, "fallback"], '"fallback" has an effect only with "otherwise: ask"', "", undefined, "key");
    }
    earlier.add(rule, index);
  }
}

function whyIdle(policy: Policy, rule: Rule, earlier: Earlier): string | undefined {
  const { from, to } = rule;
  if (OUTSIDE.includes(from) && OUTSIDE.includes(to)) return "no device is at either end";
  if (from === to && from.includes(":")) return "both ends are the same device";
  if (rule.allow?.length === 0 && !rule.otherwise) return 'it allows nothing and does not say "otherwise"';
  const groups = [from, to].filter((end) => Object.hasOwn(policy.groups, end));
  const empty = groups.find((end) => policy.groups[end]!.length === 0);
  if (empty !== undefined) return `the group ${quote(empty)} has no member`;
  // A restriction of members that cannot be told yet also covers unknown devices, which an earlier rule of the same group may not.
  if (groups.some((end) => policy.groups[end]!.some((member) => !("mac" in member)))) return undefined;
  return earlier.decides(from, to);
}

/** The rules so far that decide everything between their ends. */
class Earlier {
  readonly #complete = new Map<string, number>();
  readonly #around = new Map<string, string[]>();
  readonly #groupsOfMac = new Map<string, string[]>();

  constructor(policy: Policy) {
    for (const [name, members] of Object.entries(policy.groups)) {
      for (const member of members) {
        if ("mac" in member) this.#groupsOfMac.set(member.mac, [...(this.#groupsOfMac.get(member.mac) ?? []), name]);
      }
      this.#around.set(name, [name, "all"]);
    }
    for (const [name, members] of Object.entries(policy.groups)) {
      this.#around.get(name)!.push(...this.#groupsHolding(members.flatMap((member) => ("mac" in member ? [member.mac] : []))).filter((other) => other !== name));
    }
  }

  add(rule: Rule, index: number): void {
    const key = `${rule.from}>${rule.to}`;
    if ((rule.otherwise || rule.allow === "all") && !this.#complete.has(key)) this.#complete.set(key, index);
  }

  decides(from: string, to: string): string | undefined {
    for (const a of this.#endsAround(from)) {
      for (const b of this.#endsAround(to)) {
        const index = this.#complete.get(`${a}>${b}`);
        if (index !== undefined) return `rules[${index}] before it decides everything from ${a} to ${b}`;
      }
    }
    return undefined;
  }

  /** The ends that certainly cover every device of `end`, itself first. */
  #endsAround(end: string): string[] {
    if (OUTSIDE.includes(end) || end === "all") return [end];
    return this.#around.get(end) ?? [end, "all", ...(this.#groupsOfMac.get(end) ?? [])];
  }

  #groupsHolding(macs: string[]): string[] {
    const [first, ...others] = macs.map((mac) => this.#groupsOfMac.get(mac)!);
    return first?.filter((name) => others.every((names) => names.includes(name))) ?? [];
  }
}
