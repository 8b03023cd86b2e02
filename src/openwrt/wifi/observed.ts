// SPDX-License-Identifier: Apache-2.0
// What the owner's wireless configuration has now, and what is to be changed in it.
import { parseKey, readItem, type UciItem } from "../uci/items.ts";
import { findSection, type UciPackage } from "../uci/package.ts";
import { ourSections, type Found, type WifiDesired } from "./desired.ts";

/** Throws RangeError when the section is missing or no access point. */
export function observeWifi(wireless: UciPackage, section: string): Found {
  const found = findSection(wireless, section);
  if (found?.type !== "wifi-iface") throw new RangeError(`wireless.${section}: expected a section of type wifi-iface`);
  const mode = found.options.get("mode") ?? "ap";
  if (mode !== "ap") throw new RangeError(`wireless.${section}.mode: expected ap, found ${String(mode)}`);
  const lines = found.options.get("hostapd_bss_options") ?? [];
  const belongs = (name: string): boolean => { const iface = findSection(wireless, name)?.options.get("iface"); return iface === section || (Array.isArray(iface) && iface.includes(section)); };
  return {
    hs20: found.options.get("hs20") === "1", bssOptions: typeof lines === "string" ? lines.split(/\s+/).filter((line) => line !== "") : lines,
    ours: ourSections(wireless).filter(belongs),
  };
}

/** The items that are otherwise now: what a transaction puts. Empty: the configuration is as it should be. */
export function changedWifi(wireless: UciPackage, { items }: WifiDesired): Record<string, UciItem> {
  return Object.fromEntries(Object.entries(items).filter(([key, item]) => !same(readItem(wireless, parseKey(key)) ?? null, item)));
}

/** Options of a section have no order. */
function same(a: UciItem, b: UciItem): boolean {
  if (a === null || b === null || typeof a === "string" || typeof b === "string" || Array.isArray(a) || Array.isArray(b)) return JSON.stringify(a) === JSON.stringify(b);
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => JSON.stringify(a[name]) === JSON.stringify(b[name]));
}
