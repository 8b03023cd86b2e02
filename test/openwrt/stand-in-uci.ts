// SPDX-License-Identifier: Apache-2.0
/*
 * A stand-in for OpenWrt's `uci`, over our own reader of its files (which test/openwrt/uci.test.ts holds against the real one): get, set, add, add_list, delete,
 * show of a package, commit; names are PACKAGE.SECTION.OPTION, a section also @TYPE[INDEX]. Not as there: changes are in the file at once, nothing else is known.
 */
import { platform } from "quickjs-ts/platform";
import { findSection } from "../../src/openwrt/uci/package.ts";
import { formatUci, parseUci } from "../../src/openwrt/uci/text.ts";

const words = platform.processes.arguments.filter((word) => word !== "-q");
const [command = "", ...rest] = words;
const [target = "", value = ""] = /^([^=]*)=?([^]*)$/.exec(rest.join(" "))!.slice(1);
const [packageName = "", sectionName = "", option = ""] = command === "add" ? [rest[0]!] : target.split(".");
const path = `/etc/config/${packageName}`;

function perform(): boolean {
  const sections = parseUci(platform.files.readText(path));
  const save = (): boolean => (platform.files.replace(path, formatUci(sections)), true);
  const say = (text: string): boolean => (platform.processes.stdout(`${text}\n`), true);
  const section = sectionName === "" ? undefined : findSection(sections, sectionName.replace(/\[-1\]$/, (_, at) => `[${sections.filter(({ type }) => type === sectionName.slice(1, at)).length - 1}]`));
  const held = section?.options.get(option);
  const list = typeof held === "string" ? [held] : [...(held ?? [])];
  switch (command) {
    case "commit": return true;
    case "show": return sections.every(({ name, type, options }, index) => say(`${packageName}.${name ?? `cfg${index}`}=${type}`) && [...options].every(([key, each]) => say(`${packageName}.${name ?? `@${type}[${sections.filter((other) => other.type === type).findIndex((other) => other.options === options)}]`}.${key}=${[each].flat().map((one) => `'${one}'`).join(" ")}`)));
    case "get": return held !== undefined && say(list.join(" "));
    case "add": sections.push({ ...sections[0]!, type: rest[1]!, name: undefined as never, options: new Map() }); return save();
    case "set": section!.options.set(option, value); return save();
    case "add_list": section!.options.set(option, [...list, value]); return save();
    case "delete": {
      if (option !== "") return section?.options.delete(option) === true && save();
      if (!section) return false;
      sections.splice(sections.indexOf(section), 1);
      return save();
    }
  }
  throw new Error(`${words.join(" ")}: beyond this stand-in`);
}

platform.processes.exit(perform() ? 0 : 1);
