// SPDX-License-Identifier: Apache-2.0
// The table of options as a module of LuCI's client: the form of the settings page is made of it, so that it lacks none and says what the gateway checks.
import { SECTIONS, type Option, type SectionKind } from "../../src/gateway/config/uci/options.ts";

/** A JavaScript string in single quotes. */
export const quoted = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

/** LuCI shows a description as markup, and knows no backticks. */
const plain = (text: string): string => text.replaceAll("`", "").replaceAll("&", "&amp;").replaceAll("<", "&lt;");

const WORDS: Record<string, string> = { ovsdb: "OVSDB", openflow: "OpenFlow", mac: "MAC", wifi: "Wi-Fi", iface: "interface", vlan: "VLAN" };

/** "gateway_mac" -> "Gateway MAC" */
function title(name: string): string {
  const text = name.split("_").map((word) => WORDS[word] ?? word).join(" ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `or("a", "b")` -> ["a", "b"]; other datatypes: none. */
const choices = (datatype: string): string[] => (/^or\("/.test(datatype) ? [...datatype.matchAll(/"([^"]*)"/g)].map((match) => match[1]!) : []);

/** What LuCI's validation calls procd's datatype. A range there takes fractions as well. */
function datatypeOf({ datatype }: Option): string {
  if (datatype.startsWith("range(")) return `and(uinteger,${datatype.replaceAll(" ", "")})`;
  return (/^list\((.*)\)$/.exec(datatype)?.[1] ?? datatype).replaceAll(" ", "");
}

function optionOf(option: Option): string {
  const values = choices(option.datatype);
  const kind = option.secret ? "secret" : option.list ? "list" : option.datatype === "bool" ? "flag" : values.length > 0 ? "choice" : "value";
  const parts = [`name: ${quoted(option.name)}`, `kind: ${quoted(kind)}`];
  if (values.length > 0) parts.push(`values: [ ${values.map(quoted).join(", ")} ]`);
  else if (kind !== "flag" && option.datatype !== "string") parts.push(`datatype: ${quoted(datatypeOf(option))}`);
  if (option.required) parts.push("required: true");
  if (option.default !== undefined) parts.push(`value: ${quoted(option.default)}`);
  if (option.defaultNote !== undefined) parts.push(`note: ${quoted(plain(option.defaultNote))}`);
  return `\t\t{ ${parts.join(", ")}, title: _(${quoted(title(option.name))}), what: _(${quoted(plain(option.what))}) }`;
}

function sectionOf(kind: SectionKind): string {
  const name = kind.name === undefined ? "" : `, name: ${quoted(kind.name)}`;
  return `\t{ type: ${quoted(kind.type)}${name}, title: _(${quoted(title(kind.type === "securebox" ? "gateway" : kind.type))}), what: _(${quoted(plain(kind.what))}), options: [\n${kind.options.map(optionOf).join(",\n")}\n\t] }`;
}

export function optionsModule(): string {
  return `// SPDX-License-Identifier: Apache-2.0
// Made of src/gateway/config/uci/options.ts by node tools/run.mjs tools/luci-files.ts; do not edit.
'use strict';
'require baseclass';

return baseclass.extend({ sections: [
${SECTIONS.map(sectionOf).join(",\n")}
] });
`;
}
