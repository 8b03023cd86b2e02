// SPDX-License-Identifier: Apache-2.0
// /etc/config/securebox: each option right, each option wrong in each way, and the texts made of the table of options.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ConfigurationError, loadConfig } from "../config/load.ts";
import { parseConfig } from "../config/parse.ts";
import { SECTIONS, type Option, type SectionKind } from "../config/uci/options.ts";
import { parseUciConfig, takeUciConfig } from "../config/uci/read.ts";
import { defaultFile, documentation, validationScript } from "../config/uci/render.ts";

const config = suite("/etc/config/securebox");
const MINIMAL = "config securebox 'main'\nconfig port\n\toption device 'wlan0'\n\toption role 'bss'\nconfig network 'network'\n\tlist prefix '10.0.0.0/24'\n";
const YAML = "ports: { wlan0: bss }\nnetwork: { prefixes: [10.0.0.0/24] }\n";

config("what is left out has the defaults of gateway.yaml, but for the state, which lies on flash, ubus, and the form of the log", () => {
  const { config: parsed, errors } = parseUciConfig(MINIMAL);
  assert.equal(errors, []);
  assert.equal(parsed, { enabled: true, gateway: { ...parseConfig(`state: /etc/securebox/state\nlog: { format: logd }\nubus: /var/run/ubus/ubus.sock\n${YAML}`).config, openwrt: { wifi: [], keys: [], applyDeadline: 120 } } });
  assert.equal(parseUciConfig(MINIMAL.slice(MINIMAL.indexOf("config port"))).config, parsed, "sections with nothing but defaults may be missing");
});

config("every option reaches its place", () => {
  const { config: parsed, errors } = parseUciConfig(`
config securebox 'main'
	option enabled 'off'
	option bridge 'br1'
	option datapath 'netdev'
	option manage_ports 'no'
	option ovsdb '/o/db.sock'
	option openflow '/o/of'
	option policy '/p.yaml'
	option state '/s'
	option socket '/c'
	option ubus '/u'
	option stations '/r'
	option log_level 'debug'
	option log_format 'json'
config port
	option device 'wlan0-guest.1'
	option role 'bss'
config port 'up'
	option device 'eth0'
	option role 'uplink'
config network
	list prefix '10.1.0.0/16'
	list prefix 'FD00::/64'
	list gateway '10.1.0.1'
	list gateway_mac '02-00-00-00-00-0A'
	option resolver '10.1.0.1'
config wifi
	option iface '@wifi-iface[0]'
	option group_keys 'per-station'
config wifi
	option iface 'guest'
config key 'printer'
	option key 'its a secret'
	list mac '02-00-00-00-00-0B'
	list mac '02:00:00:00:00:0c'
	option vlan '20'
	list iface 'guest'
config key
	option name 'any'
	option key 'battery staple'
config apply
	option deadline '300'
config limits
	option held_per_device '1'
	option held_total '2'
	option hold_deadline '10'
	option reassociation_hold '0'
	option roaming_patience '150'
	option devices '5'
config backend
	option enabled '0'
	option state '/b'
`);
  assert.equal(errors, []);
  assert.equal(parsed, {
    enabled: false,
    gateway: {
      bridge: "br1", ovsdb: "/o/db.sock", openflow: "/o/of", datapath: "netdev", ports: { "wlan0-guest.1": "bss", eth0: "uplink" }, managePorts: false,
      network: { prefixes: ["10.1.0.0/16", "fd00::/64"], gateways: ["10.1.0.1"], gatewayMacs: ["02:00:00:00:00:0a"], resolvers: ["10.1.0.1"] }, ubus: "/u", stations: "/r",
      limits: { heldPerDevice: 1, heldTotal: 2, holdDeadline: 10, reassociationHold: 0, roamingPatience: 150, devices: 5 }, policy: "/p.yaml", state: "/s", socket: "/c",
      backend: { enabled: false, state: "/b" }, log: { level: "debug", format: "json" },
      openwrt: { applyDeadline: 300, keys: [{ name: "printer", key: "its a secret", macs: ["02:00:00:00:00:0b", "02:00:00:00:00:0c"], vlan: 20, ifaces: ["guest"] }, { name: "any", key: "battery staple", macs: [], ifaces: [] }], wifi: [{ iface: "@wifi-iface[0]", groupKeys: "per-station" }, { iface: "guest", groupKeys: "random" }] },
    },
  });
});

/** A whole configuration in which one option of one section is `lines`. */
function withOption(kind: SectionKind, option: Option, lines: string): { text: string; field: string } {
  const required = (each: Option): string => `\t${each.list ? "list" : "option"} ${each.name} '${GOOD[each.name] ?? "x"}'\n`;
  const others = kind.options.filter((each) => (each.required || (kind.type === "key" && each.name === "name")) && each.name !== option.name).map(required).join("");
  const base = SECTIONS.filter(({ type }) => ["port", "network"].includes(type) && type !== kind.type).map((each) => `config ${each.type}\n${each.options.filter(({ required: needed }) => needed).map(required).join("")}`).join("");
  return { text: `${base}config ${kind.type}\n${others}${lines}`, field: `securebox.@${kind.type}[0].${option.name}` };
}

const GOOD: Record<string, string> = { device: "wlan0", role: "bss", prefix: "10.0.0.0/24", iface: "ap", key: "the secret", name: "printer", vlan: "20", mac: "02:00:00:00:00:01" };
/** Values that no option of the kind takes. */
const BAD: [RegExp, string[]][] = [
  [/^bool$/, ["2", "yes please", "ON"]], [/^range/, ["-1", "1.5", "0x10", "010", "ten", "99999999", "9999999999"]], [/^or\(/, ["other", "BSS", "10.0.0.1/24", "10.0.0.0"]],
  [/cidr/, ["10.0.0.0", "10.0.0.1/24", "10.0.0.0/33", "fd00::/129", "lan"]], [/ipaddr/, ["10.0.0", "10.0.0.256", "router", "10.0.0.1/24", "fd00:::1"]], [/macaddr/, ["02:00:00:00:00", "02:00:00:00:00:zz", "wlan0"]],
  [/^uciname$/, ["2nd", "a-b", "ü", "x".repeat(33)]], [/^wpakey$/, ["short", "x".repeat(64), "a|b is no key", " blank first", "blank last ", "not ÄSCII at all"]],
];
const badOf = (option: Option): string[] => [...BAD.filter(([type]) => type.test(option.datatype)).flatMap(([, values]) => values),
  ...(option.datatype === "string" && /^(bridge|device)$/.test(option.name) ? ["a b", "a/b", "sixteencharacter"] : []), ...(option.datatype === "string" && !/^(bridge|device|iface)$/.test(option.name) ? ["relative/path", `/${"x".repeat(300)}`] : []),
  ...(option.name === "iface" ? ["a-b", "a b", "@wifi-iface", "@wifi-iface[x]"] : [])];

for (const kind of SECTIONS) for (const option of kind.options) {
  config(`${kind.type}.${option.name} wrong in each way: told with section and option`, () => {
    const bad = badOf(option);
    assert.ok(bad.length >= 2, `${bad.length} wrong values for ${option.datatype}`);
    const ways = bad.map((value) => `\t${option.list ? "list" : "option"} ${option.name} '${value}'\n`);
    if (!option.list) ways.push(`\tlist ${option.name} 'a'\n\tlist ${option.name} 'b'\n`);
    if (option.required) ways.push("", `\toption ${option.name} ''\n`);
    ways.push(`\toption ${option.name}x 'misspelt'\n`);
    for (const lines of ways) {
      const { text, field } = withOption(kind, option, lines);
      const { config: parsed, errors } = parseUciConfig(text);
      assert.is(parsed, undefined, text);
      const error = errors.find((each) => each.field === field || each.field === `${field}x`);
      assert.ok(error, `${field}: ${JSON.stringify(errors)}\n${text}`);
      assert.match(error!.message, /^(expected|missing|unknown option)/, text);
    }
    const good = withOption(kind, option, `\t${option.list ? "list" : "option"} ${option.name} '${option.default ?? GOOD[option.name] ?? { gateway: "10.0.0.1", resolver: "fd00::1", gateway_mac: "02:00:00:00:00:01" }[option.name] ?? "/a/path"}'\n`);
    assert.equal(parseUciConfig(good.text).errors, [], good.text);
  });
}

/** [what is wrong, text, field, message] */
const WRONG: [string, string, string, RegExp][] = [
  ["not UCI", "config securebox 'main'\n\toption bridge 'br0\n", "securebox", /quote ' that opens here is never closed/],
  ["a section type that does not exist", `${MINIMAL}config ports\n`, "securebox.@ports[0]", /unknown section type "ports"; expected one of securebox, port/],
  ["no port", MINIMAL.replace(/config port\n.*\n.*\n/, ""), "securebox.@port[0]", /at least one section of type port/],
  ["no network", "config port\n\toption device a\n\toption role bss\n", "securebox.network.prefix", /missing/],
  ["two uplinks", `${MINIMAL}config port\n\toption device a\n\toption role uplink\nconfig port 'x'\n\toption device b\n\toption role uplink\n`, "securebox.x.role", /at most one uplink; securebox.@port\[1\] is one/],
  ["one device twice", `${MINIMAL}config port\n\toption device wlan0\n\toption role wired\n`, "securebox.@port[1].device", /wlan0 is the device of another port/],
  ["a key without a name", `${MINIMAL}config key\n\toption key 'the secret'\n`, "securebox.@key[0].name", /missing/],
  ["two keys of one name", `${MINIMAL}config key 'a'\n\toption key 'the secret'\nconfig key\n\toption name 'a'\n\toption key 'the other'\n`, "securebox.@key[1].name", /expected a name of its own; securebox.a.name has it/],
  ["two keys of one VLAN", `${MINIMAL}config key 'a'\n\toption key 'the secret'\n\toption vlan '3'\nconfig key 'b'\n\toption key 'the other'\n\toption vlan '3'\n`, "securebox.b.vlan", /expected a VLAN of its own; securebox.a.vlan/],
  ["a section twice", `${MINIMAL}config limits\nconfig limits 'more'\n`, "securebox.more", /one section of type limits; securebox.@limits\[0\] is one already/],
];
for (const [what, text, field, message] of WRONG) {
  config(`${what}: refused, naming section and option`, () => {
    const { config: parsed, errors } = parseUciConfig(text);
    assert.is(parsed, undefined);
    assert.match(errors.find((error) => error.field === field)?.message ?? JSON.stringify(errors), message);
  });
}

config("a key is in no message, whatever is wrong with it or around it", () => {
  const around = (lines: string): string => `${MINIMAL}config key 'printer'\n${lines}`;
  for (const lines of ["\toption key 'sEcReT'\n", "\tlist key 'sEcReT one'\n\tlist key 'sEcReT two'\n", "\toption key sEcReT with blanks\n", "\toption key 'sEcReT\nand more\n", "\toption key\n\tsEcReT!\n", "\toption sEcReT!! key\n",
    "\toption key 'it's sEcReT'\n", "\toption key 'a right one'\nconfig key sEcReT!\n"]) {
    const { config: parsed, errors } = parseUciConfig(around(lines));
    assert.is(parsed, undefined, lines);
    assert.ok(errors.length > 0 && !JSON.stringify(errors).includes("sEcReT"), `${lines}: ${JSON.stringify(errors)}`);
  }
});

config("everything wrong is told at once", () => {
  const { errors } = parseUciConfig("config securebox\n\toption bridge 'a b'\n\toption brige 'x'\nconfig limits\n\toption devices 'many'\n");
  assert.equal(errors.map(({ field }) => field).sort(), ["securebox.@limits[0].devices", "securebox.@port[0]", "securebox.@securebox[0].bridge", "securebox.@securebox[0].brige", "securebox.network.prefix"]);
});

config("what is in force stays in force when the new text is wrong, and each error is logged", () => {
  const logged: unknown[] = [];
  const log = { error: (event: string, fields?: object) => logged.push([event, fields]) };
  const inForce = takeUciConfig(undefined, MINIMAL, log);
  assert.is(takeUciConfig(inForce, `${MINIMAL}config limits\n\toption devices '0'\n`, log), inForce);
  assert.equal(logged, [["configuration wrong; the former one stays in force", { option: "securebox.@limits[0].devices", line: undefined, reason: 'expected a whole number from 1 to 65534, found "0"' }]]);
  assert.is(takeUciConfig(undefined, "config", log), undefined);
  assert.is(takeUciConfig(inForce, MINIMAL.replace("wlan0", "wlan1"), log)?.gateway.ports["wlan1"], "bss");
});

config("the file is found by its name: YAML by suffix, else /etc/config; the options of the command line come first", () => {
  const open = (disk: Record<string, string>) => ({ files: { status: (path: string) => disk[path] === undefined ? undefined : { kind: "file" }, readText: (path: string) => disk[path]! } }) as unknown as Parameters<typeof loadConfig>[0];
  const both = { "/etc/securebox/gateway.yaml": `bridge: yaml\n${YAML}`, "/etc/config/securebox": MINIMAL.replace("'main'", "'main'\n\toption bridge 'uci'") };
  assert.is(loadConfig(open(both), {}).bridge, "yaml");
  assert.is(loadConfig(open({ "/etc/config/securebox": both["/etc/config/securebox"] }), {}).bridge, "uci");
  const given = loadConfig(open(both), { config: "/etc/config/securebox", state: "/s", "log-level": "debug" });
  assert.equal([given.bridge, given.state, given.backend.state, given.log.level], ["uci", "/s", "/s/backend", "debug"]);
  const wrong = open({ "/etc/config/securebox": `${MINIMAL}config limits\n\toption devices '0'\n` });
  assert.throws(() => loadConfig(wrong, {}), (error: Error) => error instanceof ConfigurationError && error.message === 'securebox.@limits[0].devices: expected a whole number from 1 to 65534, found "0"');
  assert.throws(() => loadConfig(open({ "/etc/config/securebox": "config" }), {}), /^.*\/etc\/config\/securebox:1: securebox: expected a type/);
});

config("the default file is right, and has every default", () => {
  const { config: parsed, errors } = parseUciConfig(defaultFile());
  assert.equal(errors, []);
  assert.equal(parsed?.gateway.limits, parseUciConfig(MINIMAL).config?.gateway.limits);
  for (const { options, type } of SECTIONS) for (const option of options) if (!["wifi", "key"].includes(type) && option.default !== undefined) assert.match(defaultFile(), `\toption ${option.name} '${option.default}'`);
});

config("procd's validation has every option with its default", () => {
  const script = validationScript();
  for (const { type, options } of SECTIONS) for (const { name, default: value } of options) assert.match(script, new RegExp(`uci_validate_section securebox ${type} (?:.+\\n)*?\\t\\t'${name}:[^\\n]*${value === undefined ? "" : `:${value}`}'`), `${type}.${name}`);
});

config("the documentation has a row per option", () => {
  const rows = documentation().split("\n").filter((line) => /^\| (list )?`/.test(line));
  assert.is(rows.length, SECTIONS.reduce((sum, { options }) => sum + options.length, 0));
  for (const line of rows) assert.is(line.replaceAll("\\|", "").split("|").length, 6, line);
});

config.run();
