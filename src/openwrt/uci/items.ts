// SPDX-License-Identifier: Apache-2.0
/*
 * Keys and values of UCI, as transactions use them:
 *
 *   wireless.default_radio0.isolate     an option: text, a list of texts, or null for none
 *   wireless.@wifi-iface[1].isolate     the same in a section without a name
 *   wireless.sb_0200000000aa            a whole named section: { ".type": "wifi-station", key: "...", mac: [...] }, or null for none
 */
import { findSection, isName, isPackageName, isType, type UciPackage, type UciSection, type UciValue } from "./package.ts";

export interface UciKey { package: string; section: string; option?: string }
/** A section as a value. */
export type SectionValue = { ".type": string; [option: string]: UciValue };
export type { UciValue } from "./package.ts";
export type UciItem = null | UciValue | SectionValue;

/** Throws RangeError for what is no key. */
export function parseKey(key: string): UciKey {
  const [, name = "", section = "", option] = /^([^.]+)\.(@[^[.]*\[-?\d+\]|[^.]+)(?:\.([^.]+))?$/.exec(key) ?? [];
  const good = isPackageName(name) && (isName(section) || /^@.*\]$/.test(section)) && (option === undefined || isName(option));
  if (!good) throw new RangeError(`${key}: expected PACKAGE.SECTION or PACKAGE.SECTION.OPTION`);
  return { package: name, section, ...(option === undefined ? {} : { option }) };
}

/** The value; undefined: there is no place for it, its section does not exist. */
export function readItem(sections: UciPackage, { section: called, option }: UciKey): UciItem | undefined {
  const section = findSection(sections, called);
  if (option !== undefined) return section ? section.options.get(option) ?? null : undefined;
  return section ? sectionValue(section) : null;
}

/** Puts the value; for an option without a section nothing happens. Throws RangeError for a value that does not fit its key. */
export function putItem(sections: UciPackage, key: UciKey, item: unknown): void {
  const where = [key.package, key.section, ...(key.option === undefined ? [] : [key.option])].join(".");
  const section = findSection(sections, key.section);
  if (key.option === undefined) putSection(sections, section, key.section, item, where);
  else if (item === null) section?.options.delete(key.option);
  else section?.options.set(key.option, optionValue(item, where));
}

function putSection(sections: UciPackage, known: UciSection | undefined, name: string, item: unknown, where: string): void {
  if (!isName(name)) throw new RangeError(`${where}: only a section with a name is put as a whole`);
  if (item === null) {
    if (known) sections.splice(sections.indexOf(known), 1);
    return;
  }
  const made = sectionOf(name, item, where);
  if (known) sections[sections.indexOf(known)] = made;
  else sections.push(made);
}

function sectionOf(name: string, item: unknown, where: string): UciSection {
  const { ".type": type, ...options } = (typeof item === "object" ? item : {}) as Record<string, unknown>;
  if (typeof type !== "string" || !isType(type)) throw new RangeError(`${where}: expected a section with its .type`);
  const wrong = Object.keys(options).find((option) => !isName(option));
  if (wrong !== undefined) throw new RangeError(`${where}.${wrong}: expected letters, digits and _ as an option's name`);
  return { type, name, options: new Map(Object.entries(options).map(([option, value]) => [option, optionValue(value, `${where}.${option}`)])) };
}

/** UCI knows no empty option and no empty list: they would be gone when read again. */
function optionValue(value: unknown, where: string): UciValue {
  const fits = (text: unknown): text is string => typeof text === "string" && !text.includes("\0");
  if (fits(value) && value !== "") return value;
  if (Array.isArray(value) && value.length > 0 && value.every(fits)) return [...value];
  throw new RangeError(`${where}: expected text or a list of texts, not empty`);
}

function sectionValue({ type, options }: UciSection): SectionValue {
  return { ".type": type, ...Object.fromEntries(options) };
}
