// SPDX-License-Identifier: Apache-2.0
// What else is made of the table of options: the default file, procd's validation, the documentation. Not loaded on the access point.
import { SECTIONS, type Option, type SectionKind } from "./options.ts";

/** /etc/config/securebox as it is installed: every option that has a default, with it. */
export function defaultFile(): string {
  return SECTIONS.filter(({ type }) => type !== "wifi" && type !== "key").map(({ type, name, options, example = [] }) => [
    `\nconfig ${type}${name === undefined ? "" : ` '${name}'`}`,
    ...options.filter((option) => option.default !== undefined).map((option) => `\toption ${option.name} '${option.installed ?? option.default}'`), ...example, "",
  ].join("\n")).join("") + "\n";
}

/** Arguments of uci_validate_section after package, type and name: "OPTION:DATATYPE:DEFAULT". */
export function validations({ options }: SectionKind): string[] {
  return options.map((option) => [option.name, option.validation ?? option.datatype, ...(option.default === undefined ? [] : [option.default])].join(":"));
}

/** The shell function that the init script calls, a line of `uci_validate_section` per type. */
export function validationScript(): string {
  const one = (kind: SectionKind): string => [`validate_${kind.type}() {`, `\tuci_validate_section securebox ${kind.type} "$1" \\`, ...validations(kind).map((line, index, lines) => `\t\t'${line}'${index < lines.length - 1 ? " \\" : ""}`), "}"].join("\n");
  return `# Made of src/gateway/config/uci/options.ts; do not edit.\n${SECTIONS.map(one).join("\n\n")}\n`;
}

const cell = (text: string): string => text.replaceAll("|", "\\|");

export function documentation(): string {
  return SECTIONS.map((kind) => [
    `### \`config ${kind.type}${kind.name === undefined ? "" : ` '${kind.name}'`}\``, "", kind.what, "", "| option | values | default | |", "|---|---|---|---|", ...kind.options.map(row), "",
  ].join("\n")).join("\n");
}

function row(option: Option): string {
  const value = option.required ? "must be given" : option.default === undefined ? option.defaultNote ?? (option.list ? "empty" : "none") : `\`${option.default}\``;
  return `| ${option.list ? "list " : ""}\`${option.name}\` | ${cell(expected(option))} | ${value} | ${cell(option.what)} |`;
}

/** In the words of the check itself: that which an error says. */
function expected({ check }: Option): string {
  const refused = check(" /"); // nothing takes this
  return "expected" in refused ? refused.expected.replace(" (in quotes)", "") : "text";
}
