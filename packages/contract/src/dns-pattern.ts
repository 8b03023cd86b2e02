// SPDX-License-Identifier: Apache-2.0
// Names in rules: "example.org" is that name alone, "*.example.org" every name below it (not itself).
import type { Parsed } from "./address.ts";
import { quote } from "./problem.ts";

const EXPECTED = "a name such as dns:example.org or dns:*.example.org";

/** Lower case without the final dot. RFC 1035 §2.3.4 sizes; letters, digits, "-" and "_" in labels. */
export function parseDnsPattern(text: string): Parsed<string> {
  const pattern = text.toLowerCase().replace(/\.$/, "");
  const wildcard = pattern.startsWith("*.");
  const name = wildcard ? pattern.slice(2) : pattern;
  const wrong = whatIsWrong(name, wildcard);
  return wrong ? { ok: false, message: `${quote(`dns:${text}`)}: ${wrong}`, expected: EXPECTED } : { ok: true, value: pattern };
}

function whatIsWrong(name: string, wildcard: boolean): string | undefined {
  if (name === "") return "the name is missing";
  if (name.includes("*")) return "a * may only stand for all of the first label";
  if (name.length > 253) return `the name has ${name.length} characters, more than 253`;
  if (/[^\x21-\x7e]/.test(name)) return "the name has blanks or letters outside ASCII (write international names as xn--...)";
  if (/[/:@]/.test(name)) return "a name takes no port, path or scheme (ports: tcp/443@dns:NAME)";
  for (const label of name.split(".")) {
    if (label === "") return "a label is empty (two dots in a row)";
    if (label.length > 63) return `the label ${quote(label)} has ${label.length} characters, more than 63`;
    if (!/^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/.test(label)) return `${quote(label)} is not a label (letters, digits, "-" inside)`;
  }
  if (/(^|\.)\d+$/.test(name)) return "an address is written without dns:";
  return wildcard || name.includes(".") ? undefined : "a name of one label is never looked up on the internet";
}

/** Whether a DNS name (any case, with or without final dot) is covered by a canonical pattern. */
export function patternCovers(pattern: string, name: string): boolean {
  const lower = name.toLowerCase().replace(/\.$/, "");
  return pattern.startsWith("*.") ? lower.length > pattern.length - 1 && lower.endsWith(pattern.slice(1)) : lower === pattern;
}
