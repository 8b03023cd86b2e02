// SPDX-License-Identifier: Apache-2.0
/*
 * A stand-in for uci_validate_section and validate_data: runs no shell; finds the tuples of a function in the file and evaluates the few datatypes that ours
 * uses. Knows and, or, bool, maxlength, range, regex (JavaScript's), ipaddr and cidr4/cidr6 (our parser's) and quoted words, nothing else of libvalidate.
 * As there: an option that is not set passes, of a list the last item decides.
 */
import { parseUci } from "../../src/openwrt/uci/text.ts";
import { normaliseIp } from "../../src/packets/ip.ts";

export function standInValidate(script: string, type: string, text: string): boolean {
  const body = new RegExp(`^validate_${type}\\(\\) \\{\\n([^]*?)\\n\\}`, "m").exec(script)?.[1];
  if (body === undefined) throw new Error(`no validate_${type}`);
  const tuples = [...body.matchAll(/\t\t'(\w+):([^:\n]*)(?::.*)?'/g)].map(([, option, expression]) => [option!, expression!] as const);
  return parseUci(text).filter((section) => section.type === type).every(({ options }) => tuples.every(([option, expression]) => {
    const value = options.get(option);
    return value === undefined || evaluate(expression, typeof value === "string" ? value : value.at(-1)!);
  }));
}

/** `and(regex("x"), bool)` -> ["regex("x")", "bool"]; commas within parentheses or quotes do not part. */
function parts(list: string): string[] {
  const found: string[] = [];
  let depth = 0, start = 0, quoted = false;
  for (let at = 0; at <= list.length; at++) {
    const character = list[at];
    if (character === '"') quoted = !quoted;
    else if (!quoted && character === "(") depth++;
    else if (!quoted && character === ")") depth--;
    else if (character === undefined || (character === "," && depth === 0 && !quoted)) {
      found.push(list.slice(start, at).trim());
      start = at + 1;
    }
  }
  return found;
}

function evaluate(expression: string, value: string): boolean {
  const [, name, list] = /^(\w+)(?:\((.*)\))?$/s.exec(expression) ?? [];
  if (/^".*"$/.test(expression)) return expression.slice(1, -1) === value;
  const inside = list === undefined ? [] : parts(list);
  const [first = "", second = ""] = inside;
  const number = /^[+-]?\d+$/.test(value.trimStart()) ? Number(value) : NaN;
  switch (name) {
    case "and": return inside.every((each) => evaluate(each, value));
    case "or": return inside.some((each) => evaluate(each, value));
    case "bool": return /^(0|1|on|off|true|false|yes|no|enabled|disabled)$/i.test(value);
    case "maxlength": return Buffer.byteLength(value) <= Number(first);
    case "range": return number >= Number(first) && number <= Number(second);
    case "regex": return /* anchored, but not as a group */ new RegExp(`^${first.slice(1, -1).replaceAll("[[]", "\\[").replaceAll("[]]", "\\]")}$`, "s").test(value);
    case "ipaddr": return normaliseIp(value) !== undefined;
    case "cidr4": case "cidr6": {
      const [address = "", length = ""] = value.split("/"); // an address alone will do
      return /^\d{0,3}$/.test(length) && normaliseIp(address) !== undefined && address.includes(":") === (name === "cidr6") && Number(length) <= (name === "cidr6" ? 128 : 32);
    }
    default: throw new Error(`a datatype that this stand-in does not know: ${expression}`);
  }
}
