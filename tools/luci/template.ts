// SPDX-License-Identifier: Apache-2.0
// The template that translators begin with (gettext): every text that stands in _() in the pages, the titles of the menu, the description of the access group.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const APP = "openwrt/luci-app-securebox";
const RESOURCES = `${APP}/htdocs/luci-static/resources`;

/** Paths of the pages and their modules, sorted. */
export function scripts(): string[] {
  return readdirSync(RESOURCES, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".js")).map((path) => join(RESOURCES, path)).sort();
}

/** The text of each _('...'). Throws when _() is called with anything else, which no translator would see. */
export function textsIn(path: string, source: string): string[] {
  return [...source.matchAll(/(?<![\w$.])_\((?:('(?:[^'\\\n]|\\.)*')\))?/g)].map(({ 1: literal, index }) => {
    if (literal === undefined) throw new Error(`${path}:${source.slice(0, index).split("\n").length}: _() with something else than one text in single quotes`);
    return literal.slice(1, -1).replaceAll("\\'", "'").replaceAll("\\\\", "\\");
  });
}

const valuesOf = (path: string, key: string): string[] => [...readFileSync(path, "utf8").matchAll(new RegExp(`"${key}": "([^"]*)"`, "g"))].map((match) => match[1]!);

/** As gettext writes it: texts sorted, with the files where they stand. */
export function template(options: { path: string; source: string }): string {
  const places = new Map<string, Set<string>>();
  const add = (path: string, found: string[]): void => {
    for (const text of found) places.set(text, (places.get(text) ?? new Set()).add(path.slice(APP.length + 1)));
  };
  for (const path of scripts()) add(path, textsIn(path, path === options.path ? options.source : readFileSync(path, "utf8")));
  add(`${APP}/root/usr/share/luci/menu.d/luci-app-securebox.json`, valuesOf(`${APP}/root/usr/share/luci/menu.d/luci-app-securebox.json`, "title"));
  add(`${APP}/root/usr/share/rpcd/acl.d/luci-app-securebox.json`, valuesOf(`${APP}/root/usr/share/rpcd/acl.d/luci-app-securebox.json`, "description"));
  const entry = ([text, where]: [string, Set<string>]): string => `${[...where].map((place) => `#: ${place}`).join("\n")}\nmsgid ${JSON.stringify(text)}\nmsgstr ""\n`;
  const sorted = [...places].sort(([a], [b]) => (a < b ? -1 : 1));
  return `msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8"\n\n${sorted.map(entry).join("\n")}`;
}
