// SPDX-License-Identifier: Apache-2.0
// What the readers of all parts of a document share.
import { nearest } from "./nearest.ts";
import { describe, quote, type Path, type Report } from "./problem.ts";

export interface Check {
  report: Report;
  unknownFields: "error" | "ignore";
  /** Names that may stand in rules: the keys of `groups`, also of broken ones. */
  groups: ReadonlySet<string>;
}

/** Ends of rules that are no groups. */
export const RESERVED_ENDS: readonly string[] = ["all", "unknown", "internet", "gateway"];

/** One of a few words, or undefined (reported, unless the field is absent). */
export function readChoice<T extends string>({ report }: Check, path: Path, value: unknown, choices: readonly T[], synonyms: Record<string, T> = {}): T | undefined {
  if (value === undefined || choices.includes(value as T)) return value as T | undefined;
  const word = String(value).toLowerCase();
  const suggestion = typeof value === "object" ? undefined : Object.hasOwn(synonyms, word) ? synonyms[word] : nearest(word, choices);
  return void report.error(path, `${describe(value)} is not a value of "${path.at(-1)}"`, choices.join(", "), suggestion);
}

/** Reports fields that are not in `fields`: as mistakes, or by name as ignored. Returns the fields that were probably meant, so that they are not reported as missing. */
export function knownFields({ report, unknownFields }: Check, path: Path, value: Record<string, unknown>, fields: readonly string[], synonyms: Record<string, string> = {}): Set<string> {
  const meant = new Set<string>();
  for (const field of Object.keys(value)) {
    if (fields.includes(field)) continue;
    if (unknownFields === "ignore") {
      report.warn([...path, field], `unknown field ${quote(field)} is ignored`, "", undefined, "key");
      continue;
    }
    const suggestion = report.full ? undefined : suggestField(field, fields, synonyms);
    if (suggestion !== undefined) meant.add(suggestion);
    report.error([...path, field], field === "<<" ? "merge keys (<<) are not part of YAML 1.2" : `unknown field ${quote(field)}`, `one of ${fields.join(", ")}`, suggestion, "key");
  }
  return meant;
}

function suggestField(field: string, fields: readonly string[], synonyms: Record<string, string>): string | undefined {
  const lower = field.toLowerCase();
  return Object.hasOwn(synonyms, lower) ? synonyms[lower] : nearest(lower, fields);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
