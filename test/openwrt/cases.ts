// SPDX-License-Identifier: Apache-2.0
// Files of /etc/config/securebox, made of the table of options: each option right, and wrong in each way; and files that are wrong as files.
import { SECTIONS, type Option, type SectionKind } from "../../src/gateway/config/uci/options.ts";

export interface Case {
  what: string;
  text: string | Buffer;
  /** What a message must name; undefined: the file is right. */
  told?: RegExp;
  /** The section that stands in the way of a validation by option. */
  type?: string;
  /** Why uci_validate_section takes what the reader refuses. */
  unseen?: string;
}

const GOOD: Record<string, string[]> = {
  device: ["wlan0", "phy0-ap0", "br-lan.10", "exactly15chars_"], role: ["bss", "uplink"], prefix: ["10.0.0.0/24", "fd00::/64", "0.0.0.0/0"], iface: ["default_radio0", "@wifi-iface[12]"], bridge: ["br-lan", "ovs.1"],
  gateway: ["10.0.0.1", "fe80::1", "::ffff:10.0.0.1"], resolver: ["9.9.9.9", "2001:DB8::35"], gateway_mac: ["02:00:00:00:00:0a", "02-00-00-00-00-0A"],
  mac: ["02:00:00:00:00:0a"], name: ["printer", "P_2"], key: ["8 characters", "~!@#$%^&*()_+-=[]{};:,.<>/?", "x".repeat(63), "0123456789abcdefABCDEF".repeat(3).slice(0, 64)], vlan: ["1", "4094"],
};
/** Part of each key that is no right one: no log may have it. */
export const SECRET = "sEcReT";
const BAD: Record<string, string[]> = {
  bool: ["2", "yes please", "ON", "truee"], number: ["-1", "1.5", "0x10", "010", "ten", "99999999", "9999999999", "1 ", "+1"], choice: ["other", "BSS", "system ", "bss,wired"],
  prefix: ["10.0.0.0", "10.0.0.0/33", "fd00::/129", "lan", "10.0.0.0/24 10.1.0.0/24", "10.0.0.0/"], address: ["10.0.0", "10.0.0.256", "router", "10.0.0.1/24", "fd00:::1", "10.0.0.1 10.0.0.2"],
  mac: ["02:00:00:00:00", "02:00:00:00:00:zz", "wlan0", "02:00:00:00:00:00:00"], path: ["relative/path", "./x"], interface: ["a b", "a/b", "sixteencharacter"], keyname: ["2nd", "a-b", "a b", "ü", "x".repeat(33)], key: [SECRET, `${SECRET}ü more`, `${SECRET}${"x".repeat(60)}`],
  section: ["a-b", "a b", "@wifi-iface", "@wifi-iface[x]", "x[0]"],
};
/** [values, why uci_validate_section cannot say it] */
const UNSEEN: Record<string, [string[], string]> = {
  prefix: [["10.0.0.1/24"], "its cidr4 takes addresses of hosts"], mac: [["03:00:00:00:00:01", "00:00:00:00:00:00"], "a form, not what an address is for"], path: [[`/${"x".repeat(300)}`], "the length of a path is in characters"],
  key: [[`${SECRET}|or not`, ` ${SECRET} blanks `, `${SECRET}${"x".repeat(58)}`], "it knows characters and length only"],
};

function typeOf({ name, datatype }: Option): string {
  if (datatype === "bool") return "bool";
  if (datatype.startsWith("range")) return "number";
  if (datatype.startsWith('or("')) return "choice";
  if (/cidr|ipaddr|macaddr/.test(datatype)) return datatype.includes("cidr") ? "prefix" : datatype.includes("ipaddr") ? "address" : "mac";
  if (name === "key" || name === "name") return name === "key" ? "key" : "keyname";
  return name === "iface" ? "section" : /^(bridge|device)$/.test(name) ? "interface" : "path";
}

function goodOf(option: Option): string[] {
  const { default: value, datatype, name } = option, [, least, most] = /range\((\d+), (\d+)\)/.exec(datatype) ?? [];
  return GOOD[name] ?? { bool: ["1", "off", "yes", "disabled"], number: [least!, most!, value!], choice: [...datatype.matchAll(/"([^"]*)"/g)].map(([, choice]) => choice!), path: ["/a/path", "/with blank", "/ü"] }[typeOf(option)] ?? [];
}

const line = (option: Option, value: string): string => `\t${option.list ? "list" : "option"} ${option.name} '${value}'\n`;

/** A whole configuration in which one option of one section is `lines`; `main` are options of the section securebox. */
export function withOption(main: Record<string, string>, kind: SectionKind, name: string, lines: string): string {
  const required = (each: SectionKind): string => each.options.filter((option) => option.name !== (each === kind ? name : "") && (option.required || (each.type === "key" && option.name === "name") || (each.type === "securebox" && main[option.name] !== undefined)))
    .map((option) => line(option, main[option.name] ?? goodOf(option)[0]!)).join("");
  return SECTIONS.filter((each) => each === kind || ["securebox", "port", "network"].includes(each.type)).map((each) => `config ${each.type}\n${required(each)}${each === kind ? lines : ""}\n`).join("");
}

export function rightCases(main: Record<string, string>): Case[] {
  return SECTIONS.flatMap((kind) => kind.options.flatMap((option) => goodOf(option).map((value) =>
    ({ what: `${kind.type}.${option.name} is ${value}`, type: kind.type, text: withOption(main, kind, option.name, line(option, value)) }))));
}

export function wrongCases(main: Record<string, string>): Case[] {
  return SECTIONS.flatMap((kind) => kind.options.flatMap((option) => {
    const place = `securebox\\.@${kind.type}\\[0\\]\\.${option.name}`;
    const make = (what: string, lines: string, says: string, unseen?: string): Case =>
      ({ what: `${kind.type}.${option.name} ${what}`, type: kind.type, text: withOption(main, kind, option.name, lines), told: new RegExp(`${place}${says}`), ...(unseen && { unseen }) });
    const type = typeOf(option), [unseen, why] = UNSEEN[type] ?? [[], ""];
    const good = goodOf(option)[0]!;
    return [
      ...BAD[type]!.filter((value) => !(option.name === "device" && value === "")).map((value) => make(`is ${value}`, line(option, value), ": expected ")),
      ...unseen.map((value) => make(`is ${value.slice(0, 20)}`, line(option, value), ": expected ", why)),
      ...(option.list ? [] : [make("is a list", `\tlist ${option.name} '${good}'\n\tlist ${option.name} '${good}'\n`, ": expected a single value", "it looks at each item of a list")]),
      ...(option.list ? [make("has a wrong item", line(option, BAD[type]![0]!) + line(option, good), ": expected ", "the last item decides")] : []),
      ...(option.required ? [make("is missing", "", ": missing", "what is not there has no value"), make("is empty", `\toption ${option.name} ''\n`, ": missing", "what is not there has no value")] : []),
      make("is misspelt", `${option.required ? line(option, good) : ""}\toption ${option.name}x '${good}'\n`, "x: unknown option", "it looks at the options it knows"),
    ];
  }));
}

/** Files that are wrong as files; `right`: one that is not. */
export function wrongFiles(right: string): Case[] {
  return [
    { what: "a quote that is never closed", text: `${right}config limits\n\toption devices '1\n`, told: /securebox:\d+: securebox: the quote ' that opens here is never closed/ },
    { what: "a word that is no command", text: `${right}optio x 1\n`, told: /securebox:\d+: securebox: expected package, config, option or list, found \\?"optio\\?"/ },
    { what: "an option before the first section", text: `option x 1\n${right}`, told: /securebox:1: securebox: an option before the first section/ },
    { what: "blanks without quotes", text: `${right}config limits\n\toption devices 1 2\n`, told: /securebox:\d+: securebox: too many words after option devices/ },
    { what: "a section of an unknown type", text: `${right}config ports\n`, told: /securebox\.@ports\[0\]: unknown section type/ },
    { what: "a section twice", text: `${right}config limits\nconfig limits 'more'\n`, told: /securebox\.more: expected one section of type limits; securebox\.@limits\[0\] is one already/ },
    { what: "a device twice", text: `${right}config port\n\toption device wlan0\n\toption role wired\n`, told: /securebox\.@port\[1\]\.device: wlan0 is the device of another port already/ },
    { what: "a name for two types", text: `${right}config limits 'n'\nconfig apply 'n'\n`, told: /securebox:\d+: securebox: section \\?"n\\?" is of type limits already/ },
    { what: "empty", text: "", told: /securebox\.@port\[0\]: missing/ },
    { what: "huge", text: `${right}#${"x".repeat(2 ** 20)}\n`, told: /securebox:1: securebox: expected at most 1048576 characters/ },
    { what: "a thousand errors", text: `${right}${"config nothing\n".repeat(1000)}`, told: /securebox: 936 errors more/ },
    { what: "a NUL", text: right.replace("'wlan0'", "'wlan0\0'"), told: /securebox:\d+: securebox: a NUL character/ },
    { what: "bytes that are no UTF-8", text: Buffer.concat([Buffer.from(`${right}config limits\n\toption devices '`), Buffer.from([0xff, 0xfe, 0x80]), Buffer.from("'\n")]), told: /securebox(\.@limits\[0\]\.devices|: )/ },
    { what: "other letters than ours", text: `${right}config limits\n\toption devices '１２'\n`, told: /securebox\.@limits\[0\]\.devices: expected a whole number/ },
  ];
}
