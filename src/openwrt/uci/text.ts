// SPDX-License-Identifier: Apache-2.0
// The text of a package: read and written as libuci does it.
import { callNames, isName, isPackageName, isType, type UciPackage, type UciSection, type UciValue } from "./package.ts";
import { UciSyntaxError, Words } from "./words.ts";

export { UciSyntaxError };
/** Characters; /etc/config lies on a small flash. */
export const MAX_TEXT = 1 << 20;

/**
 * A file of /etc/config. Strict, as `uci` is by default: throws UciSyntaxError for what it refuses. A named section that comes twice is one section; a later
 * value replaces an earlier one; an empty value sets nothing; `list` after `option` makes a list of both.
 */
export function parseUci(text: string): UciPackage {
  if (text.length > MAX_TEXT) throw new UciSyntaxError(1, `expected at most ${MAX_TEXT} characters`);
  const zero = text.indexOf("\0");
  if (zero >= 0) throw new UciSyntaxError(text.slice(0, zero).split("\n").length, "a NUL character");
  const words = new Words(text);
  const sections: UciPackage = [];
  let section: UciSection | undefined;
  for (let command = words.command(); command !== undefined; command = words.command()) {
    const { line } = words;
    const fail = (problem: string): never => { throw new UciSyntaxError(line, problem); };
    if (command === "config" || command === "c") section = openSection(sections, [words.next(), words.next(), words.next()], fail);
    else if (command === "option" || command === "o") setOption(section ?? fail("an option before the first section"), [words.next(), words.next(), words.next()], fail);
    else if (command === "list" || command === "l") addToList(section ?? fail("a list before the first section"), [words.next(), words.next(), words.next()], fail);
    else if (command !== "package" && command !== "p") fail(`expected package, config, option or list, found "${command.trimEnd().slice(0, 40)}"`);
    else if (!isPackageName(words.next()) || words.next() !== "") fail("expected one name after package");
  }
  return sections;
}

/** Two words and what comes after them, which must be empty. */
type Three = [string, string, string];
type Fail = (problem: string) => never;

function openSection(sections: UciPackage, [type, name, more]: Three, fail: Fail): UciSection {
  if (!isType(type)) return fail("expected a type after config: printable characters without blanks");
  if (more !== "") return fail("too many words after config; expected a type and at most one name");
  if (name !== "" && !isName(name)) return fail(`"${name}" is no name of a section; expected letters, digits and _`);
  const known = name ? sections.find((section) => section.name === name) : undefined;
  if (known && known.type !== type) return fail(`section "${name}" is of type ${known.type} already`);
  if (known) return known;
  const section: UciSection = { type, name: name || undefined, options: new Map() };
  sections.push(section);
  return section;
}

function optionWords([name, value, more]: Three, fail: Fail): [string, string] {
  if (!isName(name)) return fail(`${JSON.stringify(name)} is no name of an option; expected letters, digits and _`);
  if (more !== "") return fail(`too many words after option ${name}; a value with blanks wants quotes`);
  return [name, value];
}

function setOption({ options }: UciSection, words: Three, fail: Fail): void {
  const [name, value] = optionWords(words, fail);
  if (value !== "") options.set(name, value);
}

function addToList({ options }: UciSection, words: Three, fail: Fail): void {
  const [name, value] = optionWords(words, fail);
  const before = options.get(name) ?? [];
  options.set(name, [...(typeof before === "string" ? [before] : before), value]);
}

/** libuci writes a type as it is in memory, and so loses these when it reads it again. */
const plain = (type: string): string => type.replace(/["'\\#;]/g, "\\$&");
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** As `uci export` and `uci commit` write it, but for quotes, "\\", "#" and ";" in types; `name`: with the line "package NAME". */
export function formatUci(sections: UciPackage, name?: string): string {
  const lines = sections.flatMap(({ type, name: called, options }) => ["", `config ${plain(type)}${called === undefined ? "" : ` ${quoted(called)}`}`, ...[...options].flatMap(optionLines)]);
  return [...(name === undefined ? [] : [`package ${name}`]), ...lines, "", ""].join("\n");
}

function optionLines([name, value]: [string, UciValue]): string[] {
  return typeof value === "string" ? [`\toption ${name} ${quoted(value)}`] : value.map((item) => `\tlist ${name} ${quoted(item)}`);
}

/** As `uci show PACKAGE` prints it. */
export function showUci(sections: UciPackage, packageName: string): string {
  const calls = callNames(sections);
  const line = (path: string, value: string): string => `${packageName}.${path}=${value}\n`;
  return sections.map(({ type, options }, index) => line(calls[index]!, type) + [...options].map(([name, value]) =>
    line(`${calls[index]}.${name}`, typeof value === "string" ? quoted(value) : value.map(quoted).join(" "))).join("")).join("");
}
