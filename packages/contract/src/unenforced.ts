// SPDX-License-Identifier: Apache-2.0
// What a policy may say that this release does not do yet, and what it means until then. None of it ever widens access.
import type { RuleLines } from "./parse.ts";
import type { Member, Policy, Rule } from "./policy.ts";

export interface Unenforced {
  construct: "psk" | "fingerprint" | "mud" | "analyse";
  /** "groups.family[0]", "rules[3].analyse". */
  field: string;
  value: string;
  /** Known for a policy read from text. */
  line?: number;
  /** For people: what happens now. */
  meaning: string;
}

/** Whether this release can tell which devices the member names. */
export function isEnforced(member: Member): member is { mac: string } {
  return "mac" in member;
}

/** Each construct of the policy that is not enforced yet, in the order of the document. */
export function unenforced(policy: Policy, lines?: RuleLines): Unenforced[] {
  const found: Unenforced[] = [];
  for (const [name, members] of Object.entries(policy.groups)) {
    members.forEach((member, index) => {
      if (!isEnforced(member)) found.push(withLine(ofMember(name, member, index), lines?.members[name]?.[index]));
    });
  }
  policy.rules.forEach((rule, index) => {
    if (rule.analyse !== undefined) found.push(withLine(ofRule(rule, index), lines?.rules[index]));
  });
  return found;
}

function ofMember(group: string, member: Exclude<Member, { mac: string }>, index: number): Unenforced {
  const [construct, value] = Object.entries(member)[0] as ["psk" | "fingerprint" | "mud", string];
  const meaning = `names no device yet: gains nothing by rules that allow; rules of ${group} with "otherwise: deny" or "ask" restrict unknown devices too`;
  return { construct, field: `groups.${group}[${index}]`, value, meaning };
}

function ofRule(rule: Rule, index: number): Unenforced {
  const decides = rule.allow !== undefined || rule.otherwise !== undefined;
  let meaning = 'nothing is analysed; without "allow" or "otherwise" the rule decides nothing';
  if (decides && rule.how === "redirect") meaning = "nothing is analysed; what the rule allows is denied, because it would pass without analysis";
  else if (decides) meaning = "nothing is analysed; the rest of the rule is in force";
  return { construct: "analyse", field: `rules[${index}].analyse`, value: rule.analyse!, meaning };
}

function withLine(item: Unenforced, line: number | undefined): Unenforced {
  return line === undefined || line === 0 ? item : { ...item, line };
}
