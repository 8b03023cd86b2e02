// SPDX-License-Identifier: Apache-2.0
/*
 * Every option of /etc/config/securebox, once: what it may be, its default, what it means. The reader (read.ts), procd's validation and the
 * documentation and default file (render.ts) are made of this table.
 */
import { LEVELS } from "../../log.ts";
import { integer, interfaceName, ip, mac, oneOf, path, prefix } from "../checks.ts";
import { DEFAULTS, UCI_STATE } from "../config.ts";
import type { Check } from "../reader.ts";

export interface Option {
  name: string;
  list?: true;
  required?: true;
  /** Of one value as UCI has it: text. */
  check: Check<unknown>;
  /** Of OpenWrt's pages (LuCI). */
  datatype: string;
  /** Of uci_validate_section (libvalidate), for one value or each item of a list, where that is another. Without ":", which would end it. What the reader takes passes it. */
  validation?: string;
  /** As UCI text; absent: none. */
  default?: string;
  /** In the file that is installed, where that is not the default. */
  installed?: string;
  /** Its value is in no message. */
  secret?: true;
  /** Said where the default depends on others. */
  defaultNote?: string;
  what: string;
}

export interface SectionKind {
  type: string;
  /** The section's name in the default file; undefined: one section without name each. */
  name?: string;
  what: string;
  options: readonly Option[];
  /** Lines of the default file where the table has no defaults. */
  example?: readonly string[];
}

const isTrue = /^(1|on|true|yes|enabled)$/;
const isFalse = /^(0|off|false|no|disabled)$/;
/** The words that OpenWrt's scripts take (config_get_bool). */
export const uciBoolean: Check<boolean> = (value) =>
  isTrue.test(String(value)) ? { value: true } : isFalse.test(String(value)) ? { value: false } : { expected: "1 or 0 (or on, off, true, false, yes, no, enabled, disabled)" };

/** Not 010: that is 8 to others, 10 to some. */
const whole = (least: number, most: number): Check<number> => (value) => integer(least, most)(/^(0|[1-9]\d{0,8})$/.test(String(value)) ? Number(value) : NaN);
const sectionName: Check<string> = (value) => /^([A-Za-z0-9_]+|@wifi-iface\[\d+\])$/.test(String(value)) ? { value: String(value) } : { expected: "the name of a section, such as default_radio0 or @wifi-iface[0]" };

const keyName: Check<string> = (value) => /^[A-Za-z][A-Za-z0-9_]{0,31}$/.test(String(value)) ? { value: String(value) } : { expected: "a letter, then letters, digits or _, 32 characters at most" };
/** What OpenWrt's scripts and hostapd's files for keys carry unharmed: a "|" ends the key there, blanks at the ends are lost (IEEE 802.11, J.4: 8 to 63 characters of ASCII). */
const wifiKey: Check<string> = (value) => {
  const text = String(value);
  return /^([0-9A-Fa-f]{64}|[!-{}~](?:[ -{}~]{6,61})[!-{}~])$/.test(text) ? { value: text } : { expected: "8 to 63 characters of ASCII without | and without blanks at the ends, or 64 hexadecimal digits" };
};

const flag = (name: string, value: string, what: string): Option => ({ name, check: uciBoolean, datatype: "bool", validation: 'and(regex("[01a-z]+"), bool)', default: value, what });
const choice = (name: string, values: readonly string[], value: string | undefined, what: string): Option =>
  ({ name, check: oneOf(...values), datatype: `or(${values.map((each) => `"${each}"`).join(", ")})`, ...(value === undefined ? { required: true } : { default: value }), what });
const file = (name: string, value: string | undefined, what: string, defaultNote?: string): Option => ({ name, check: path, datatype: "string", validation: 'regex("/.*")', ...(value === undefined ? {} : { default: value }), ...(defaultNote ? { defaultNote } : {}), what });
const number = (name: string, least: number, most: number, value: number, what: string): Option => ({ name, check: whole(least, most), datatype: `range(${least}, ${most})`, validation: `and(regex("(0|[1-9][0-9]*)"), range(${least}, ${most}))`, default: String(value), what });

const INTERFACE = 'and(maxlength(15), regex("[^/ ]+"))';
const SECTION = 'regex("([A-Za-z0-9_]+|@wifi-iface[[][0-9]+[]])")';
/** libvalidate's macaddr knows only colons. */
const MAC = 'regex("([0-9A-Fa-f]{2}[^0-9A-Za-z]){5}[0-9A-Fa-f]{2}")';

const { limits } = DEFAULTS;

export const SECTIONS: readonly SectionKind[] = [
  { type: "securebox", name: "main", what: "The gateway itself.", options: [
    { ...flag("enabled", "1", "Start the gateway. The file that is installed has 0: nothing changes before its owner says so."), installed: "0" },
    { name: "bridge", check: interfaceName, datatype: "string", validation: INTERFACE, default: DEFAULTS.bridge, what: "The Open vSwitch bridge; created with fail_mode secure when it does not exist." },
    choice("datapath", ["system", "netdev"], "system", "Datapath of a bridge that the gateway creates: the kernel's or in userspace."),
    flag("manage_ports", "1", "Add the ports below to the bridge when they are missing."),
    file("ovsdb", DEFAULTS.ovsdb, "Socket of ovsdb-server."),
    file("openflow", undefined, "The bridge's management socket.", "`BRIDGE.mgmt` beside `ovsdb`"),
    file("policy", DEFAULTS.policy, "The policy file; watched."),
    file("state", UCI_STATE, "Devices, overrides and the last valid policy outlive a restart here: on flash, as /var is in memory."),
    file("socket", DEFAULTS.socket, "Control socket."),
    file("ubus", DEFAULTS.ubus, "Socket of ubusd: stations come from hostapd there, names from dnsmasq and odhcpd; the gateway's object `securebox` is there."),
    file("stations", undefined, "Socket that tells station events, instead of hostapd on ubus. Stations of a radio that neither tells of are learnt from their frames."),
    choice("log_level", LEVELS, "info", "Least level that is logged."),
    choice("log_format", ["logd", "text", "json"], "logd", "Form of a line of the log. `logd`: without time, warnings and errors apart from the rest, for logread."),
    flag("confine", "0", "Run without capabilities and new privileges. Needs the package procd-ujail."),
  ] },
  { type: "port", what: "One per port of the bridge. At least one; at most one uplink.", example: ["\toption device 'wlan0'", "\toption role 'bss'"], options: [
    { name: "device", required: true, check: interfaceName, datatype: "string", validation: INTERFACE, what: "The interface." },
    choice("role", ["bss", "wired", "thin", "uplink", "local"], undefined, "`bss`: an access point's interface with client isolation; `wired`: devices under the policy; `thin`: the VLAN or tunnel of an access point that only isolates; `uplink`: towards router and internet; `local`: the bridge's own interface."),
  ] },
  { type: "network", name: "network", what: "The network whose devices are under the policy.", example: ["\tlist prefix '192.168.1.0/24'", "\tlist gateway '192.168.1.1'", "\tlist resolver '192.168.1.1'"], options: [
    { name: "prefix", list: true, required: true, check: prefix, datatype: "list(or(cidr4, cidr6))", validation: 'and(regex(".+/[0-9]+"), or(cidr4, cidr6))', what: "The client subnets; link-local is implied." },
    { name: "gateway", list: true, check: ip, datatype: "list(ipaddr)", validation: "ipaddr", what: "The router's addresses in them." },
    { name: "gateway_mac", list: true, check: mac, datatype: "list(macaddr)", validation: MAC, what: "MAC addresses that no station may use." },
    { name: "resolver", list: true, check: ip, datatype: "list(ipaddr)", validation: "ipaddr", what: "Only their DNS answers are believed by `dns:` rules." },
  ] },
  { type: "wifi", what: "One per `wifi-iface` that is set up for isolation; its settings are changed as a transaction. None: the wireless configuration is left alone.", options: [
    { name: "iface", required: true, check: sectionName, datatype: "string", validation: SECTION, what: "Section of /etc/config/wireless." },
    choice("group_keys", ["random", "per-station", "shared"], "random", "How stations are kept from reaching each other under a shared group key: `random` (disable_dgaf; wants a full wpad), `per-station` (an interface per station), or not at all."),
  ] },
  { type: "key", what: "One per Wi-Fi key of a device, or of devices that belong together; written to /etc/config/wireless as `wifi-station` (and `wifi-vlan`) sections named `sbk_...` (`sbv_...`), and taken out with this section. The key's name is the section's, or `name`.", options: [
    { name: "name", check: keyName, datatype: "uciname", validation: 'regex("[A-Za-z][A-Za-z0-9_]{0,31}")', defaultNote: "the section's name", what: "Names the key in the policy and the log; of one key only." },
    { name: "key", required: true, secret: true, check: wifiKey, datatype: "wpakey", validation: 'regex("[ -~]{8,64}")', what: "The passphrase. It is in no message and no answer." },
    { name: "mac", list: true, check: mac, datatype: "list(macaddr)", validation: MAC, what: "The devices that may use the key. Empty: any device; from OpenWrt 25.12 on such a key is left out of hostapd's files, and is told as a problem." },
    { name: "vlan", check: whole(1, 4094), datatype: "range(1, 4094)", validation: 'and(regex("(0|[1-9][0-9]*)"), range(1, 4094))', what: "A VLAN of this key alone, for a key with one mac: hostapd tells by it who proved the key. Its station is at an interface of its own, such as phy0-ap0-20, which the gateway makes a port. Wants a full wpad. With no mac or several it is left out and told as a problem, as a radio passes frames between devices of one VLAN past the policy." },
    { name: "iface", list: true, check: sectionName, datatype: "string", validation: SECTION, defaultNote: "those of every `wifi` section", what: "The networks that take the key, as `iface` of a `wifi` section names them." },
  ] },
  { type: "apply", name: "apply", what: "Changes are confirmed when what worked before works again, else rolled back.", options: [
    number("deadline", 10, 900, 120, "Seconds until a change is rolled back that was not confirmed."),
  ] },
  { type: "limits", name: "limits", what: "How long queues may become and how long waits may last.", options: [
    number("held_per_device", 1, 4096, limits.heldPerDevice, "Packets of unknown flows held at a time, per device."),
    number("held_total", 1, 65_536, limits.heldTotal, "The same of all devices."),
    number("hold_deadline", 10, 60_000, limits.holdDeadline, "Milliseconds; then the rule's fallback decides."),
    number("roaming_patience", 100, 10_000, limits.roamingPatience, "Milliseconds; with `thin` ports: a station that turns up at another port has left its own when it does not answer there for so long."),
    number("reassociation_hold", 0, 3600, limits.reassociationHold, "Seconds for which a MAC address that appears at a second place is refused."),
    number("devices", 1, 65_534, limits.devices, "Devices known at a time; the longest absent is forgotten first."),
  ] },
  { type: "backend", name: "backend", what: "Nothing to set: `securebox enroll` writes what is needed.", options: [
    flag("enabled", "1", "0: standalone, whatever was enrolled."),
    file("state", undefined, "Key, certificate, documents, events not sent yet.", "`backend` below `state`"),
  ] },
];
