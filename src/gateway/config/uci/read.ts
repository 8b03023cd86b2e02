// SPDX-License-Identifier: Apache-2.0
// /etc/config/securebox -> what the gateway is told. Everything that is wrong is told at once, each with its section and option.
import type { FileProblem } from "../../control/protocol.ts";
import type { Log } from "../../log.ts";
import { callNames, type UciSection } from "../../../openwrt/uci/package.ts";
import { parseUci, UciSyntaxError } from "../../../openwrt/uci/text.ts";
import type { PortRole } from "../../../wifi-isolation/network.ts";
import type { GatewayConfig, OpenwrtConfig, WifiKey } from "../config.ts";
import { SECTIONS, type Option, type SectionKind } from "./options.ts";

export interface UciConfig {
  enabled: boolean;
  gateway: GatewayConfig & { openwrt: OpenwrtConfig };
}

/** Option -> its value, checked; what is wrong has its default. */
type Values = Record<string, unknown>;
interface Reader { problems: FileProblem[]; sections: { section: UciSection; path: string }[] }

/** The configuration, or everything that is wrong with it; `field` is "securebox.SECTION.OPTION". */
export function parseUciConfig(text: string): { config?: UciConfig; errors: FileProblem[] } {
  try {
    const sections = parseUci(text);
    const calls = callNames(sections);
    const reader: Reader = { problems: [], sections: sections.map((section, index) => ({ section, path: `securebox.${calls[index]}` })) };
    const config = build(reader);
    return reader.problems.length > 0 ? { errors: reader.problems } : { config, errors: [] };
  } catch (error) {
    if (error instanceof UciSyntaxError) return { errors: [{ line: error.line, field: "securebox", message: HAS_KEYS.test(text) ? withoutWords(error.problem) : error.problem }] };
    throw error;
  }
}

/** In a file that is no UCI any word may be a key, or a part of one. */
const HAS_KEYS = /^\s*(config|c)\s+['"]?key\b/m;
const withoutWords = (problem: string): string => problem.replace(/"[^]*"/, "a word that is not shown, as the file has keys");

/** As `parseUciConfig`; with anything wrong each error is logged and `inForce` stays. */
export function takeUciConfig(inForce: UciConfig | undefined, text: string, log: Pick<Log, "error">): UciConfig | undefined {
  const { config, errors } = parseUciConfig(text);
  for (const { field, message, line } of errors) log.error(inForce ? "configuration wrong; the former one stays in force" : "configuration wrong", { option: field, line, reason: message });
  return config ?? inForce;
}

function build(reader: Reader): UciConfig {
  unknownSections(reader);
  const main = single(reader, "securebox");
  const network = single(reader, "network");
  const limits = single(reader, "limits");
  const backend = single(reader, "backend");
  const { ovsdb, bridge, state } = main as Record<string, string>;
  const gateway = {
    bridge, ovsdb, openflow: main["openflow"] ?? `${ovsdb!.slice(0, ovsdb!.lastIndexOf("/"))}/${bridge}.mgmt`, datapath: main["datapath"],
    ports: ports(reader), managePorts: main["manage_ports"],
    network: { prefixes: network["prefix"], gateways: network["gateway"], gatewayMacs: network["gateway_mac"], resolvers: network["resolver"] },
    ubus: main["ubus"], stations: main["stations"],
    limits: { heldPerDevice: limits["held_per_device"], heldTotal: limits["held_total"], holdDeadline: limits["hold_deadline"], reassociationHold: limits["reassociation_hold"], roamingPatience: limits["roaming_patience"], devices: limits["devices"] },
    policy: main["policy"], state, socket: main["socket"],
    backend: { enabled: backend["enabled"], state: backend["state"] ?? `${state}/backend` },
    log: { level: main["log_level"], format: main["log_format"] },
    openwrt: { wifi: all(reader, "wifi").map(({ values }) => ({ iface: values["iface"], groupKeys: values["group_keys"] })), keys: keys(reader), applyDeadline: single(reader, "apply")["deadline"] },
  } as UciConfig["gateway"]; // each value passed the table's check
  return { enabled: main["enabled"] as boolean, gateway };
}

function unknownSections({ problems, sections }: Reader): void {
  const types = SECTIONS.map(({ type }) => type);
  for (const { section, path } of sections) if (!types.includes(section.type)) problems.push({ field: path, message: `unknown section type "${section.type}"; expected one of ${types.join(", ")}` });
}

/** The section of this type, or its defaults. A second one is an error. */
function single(reader: Reader, type: string): Values {
  const [first, ...more] = all(reader, type);
  for (const { path } of more) reader.problems.push({ field: path, message: `expected one section of type ${type}; ${first!.path} is one already` });
  if (first) return first.values;
  const kind = kindOf(type);
  for (const { name, required } of kind.options) if (required) reader.problems.push({ field: `securebox.${kind.name}.${name}`, message: `missing: expected a section of type ${type} with it` });
  return defaults(kind);
}

function all(reader: Reader, type: string): { path: string; section: string | undefined; values: Values }[] {
  const kind = kindOf(type);
  return reader.sections.filter(({ section }) => section.type === type).map(({ section, path }) => ({ path, section: section.name, values: values(kind, section, path, reader.problems) }));
}

function ports(reader: Reader): Record<string, PortRole> {
  const found: Record<string, PortRole> = {};
  let uplink: string | undefined;
  for (const { path, values: { device, role } } of all(reader, "port")) {
    if (device === undefined || role === undefined) continue; // told already
    if (found[device as string] !== undefined) reader.problems.push({ field: `${path}.device`, message: `${String(device)} is the device of another port already` });
    if (role === "uplink" && uplink !== undefined) reader.problems.push({ field: `${path}.role`, message: `expected at most one uplink; ${uplink} is one already` });
    if (role === "uplink") uplink = path;
    found[device as string] = role as PortRole;
  }
  if (!reader.sections.some(({ section }) => section.type === "port")) reader.problems.push({ field: "securebox.@port[0]", message: "missing: expected at least one section of type port with device and role" });
  return found;
}

/** Two of them with one VLAN would not be told apart. */
function keys(reader: Reader): WifiKey[] {
  const { problems } = reader;
  const taken = new Map<string, string>();
  const once = (field: string, what: string, value: unknown): void => {
    const other = taken.get(`${what} ${String(value)}`);
    if (other !== undefined) problems.push({ field, message: `expected a ${what} of its own; ${other} has it already` });
    else taken.set(`${what} ${String(value)}`, field);
  };
  return all(reader, "key").map(({ path, section, values: { name = section, key, mac, vlan, iface } }) => {
    if (name === undefined) problems.push({ field: `${path}.name`, message: "missing: expected a name for the section or this option" });
    else once(`${path}.name`, "name", name);
    if (vlan !== undefined) once(`${path}.vlan`, "VLAN", vlan);
    return { name, key, macs: mac, ...(vlan === undefined ? {} : { vlan }), ifaces: iface } as WifiKey;
  });
}

function values(kind: SectionKind, section: UciSection, path: string, problems: FileProblem[]): Values {
  const read = defaults(kind);
  for (const option of kind.options) {
    const field = `${path}.${option.name}`;
    const given = section.options.get(option.name);
    if (given !== undefined) read[option.name] = option.list ? listOf(option, given, field, problems) : valueOf(option, given, field, problems) ?? read[option.name];
    else if (option.required) problems.push({ field, message: `missing: ${option.what}` });
  }
  const names = kind.options.map(({ name }) => name);
  for (const name of section.options.keys()) if (!names.includes(name)) problems.push({ field: `${path}.${name}`, message: `unknown option; expected one of ${names.join(", ")}` });
  return read;
}

function listOf(option: Option, given: string | string[], field: string, problems: FileProblem[]): unknown[] {
  return (typeof given === "string" ? [given] : given).map((value) => valueOf(option, value, field, problems)).filter((value) => value !== undefined);
}

function valueOf({ check, secret }: Option, given: string | string[], field: string, problems: FileProblem[]): unknown {
  const result = typeof given === "string" ? check(given) : { expected: "a single value (option, not list)" };
  if ("value" in result) return result.value;
  problems.push({ field, message: `expected ${result.expected}${secret ? "; what was found is not shown" : `, found ${JSON.stringify(given)}`}` });
  return undefined;
}

/** As if each default stood in the file. */
function defaults({ options }: SectionKind): Values {
  return Object.fromEntries(options.map((option) => {
    const checked = option.default === undefined ? undefined : option.check(option.default);
    return [option.name, checked && "value" in checked ? checked.value : option.list ? [] : undefined];
  }));
}

function kindOf(type: string): SectionKind {
  return SECTIONS.find((kind) => kind.type === type)!;
}
