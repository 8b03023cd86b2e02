// SPDX-License-Identifier: Apache-2.0
import type { Field } from "../fields.ts";
import type { FieldValue, Masked } from "../types.ts";
import { Port } from "../types.ts";
import { bitsToBytes, fromBits, isFullMask, isZero, onesMask, toBits } from "../values.ts";
import { formatIpv4, formatIpv6, formatMac, parseIpv4, parseIpv6, parseMac, prefixLength, prefixMask } from "./addresses.ts";
import { hex, integer, TextError } from "./scan.ts";

/** Port names that are not OpenFlow's own, such as "p1". */
export type PortNames = Readonly<Record<string, number>>;

const CT_STATE = { new: 1, est: 2, rel: 4, rpl: 8, inv: 0x10, trk: 0x20, snat: 0x40, dnat: 0x80 };
const TCP_FLAGS = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 0x10, urg: 0x20, ece: 0x40, cwr: 0x80, ns: 0x100 };
const FLAGS: Readonly<Record<string, Readonly<Record<string, number>>>> = { ct: CT_STATE, tcp: TCP_FLAGS, tnl: { oam: 1 } };
const FRAGMENTS: Readonly<Record<string, [number, number]>> = { no: [0, 0xff], yes: [1, 1], first: [1, 0xff], later: [3, 0xff], not_later: [0, 2] };

/** A value as a match has it: "10.0.0.0/24", "0x1/0xff", "+trk-new", "LOCAL". */
export function parseValue(field: Field, text: string, ports: PortNames = {}): FieldValue | Masked {
  if (field.format === "port") return fitPort(field, parsePort(text, ports));
  if (field.format === "frag") return parseFragment(text);
  if (field.format === "ptype") return parsePacketType(text);
  const flags = FLAGS[field.format];
  if (flags && /^[+-]/.test(text)) return parseFlags(flags, text);
  if (flags && /^[a-z]/.test(text)) return { value: text.split("|").reduce((value, name) => value | parseFlags(flags, `+${name}`).value, 0), mask: field.max };
  const slash = text.indexOf("/");
  const value = parsePlain(field, slash < 0 ? text : text.slice(0, slash));
  if (slash < 0) return value;
  const mask = parseMask(field, text.slice(slash + 1), value);
  if (isFullMask(field, mask)) return value;
  return { value: fromBits(field, toBits(value) & toBits(mask), sizeOf(field, value)), mask };
}

const sizeOf = (field: Field, value: FieldValue): number => (value instanceof Uint8Array ? value.length : field.bytes);

function parsePlain(field: Field, text: string): FieldValue {
  switch (field.format) {
    case "ipv4": return parseIpv4(text);
    case "ipv6": return parseIpv6(text);
    case "mac": return parseMac(text);
    case "bytes": return parseBytes(field, text);
    default: return fromBits(field, integer(text, field.name === "vlan_vid" ? 13 : field.bits));
  }
}

/** tun_metadata: as many bytes as the number is written with. */
function parseBytes(field: Field, text: string): Uint8Array {
  const bits = integer(text, field.bits);
  return bitsToBytes(bits, text.startsWith("0x") ? Math.max(1, Math.ceil((text.length - 2) / 2)) : 4);
}

function parseMask(field: Field, text: string, value: FieldValue): FieldValue {
  const size = sizeOf(field, value);
  if ((field.format === "ipv4" || field.format === "ipv6") && /^\d+$/.test(text)) {
    if (Number(text) > size * 8) throw new TextError(text, `prefix longer than ${size * 8}`);
    return fromBits(field, prefixMask(Number(text), size));
  }
  if (text === "-1") return onesMask(field, size);
  const mask = parsePlain(field, text);
  return mask instanceof Uint8Array && mask.length !== size ? bitsToBytes(toBits(mask), size) : mask;
}

function parseFlags(flags: Readonly<Record<string, number>>, text: string): Masked<number> {
  if (!/^([+-][a-z]+)+$/.test(text)) throw new TextError(text, "expected flags such as +trk-new");
  const parsed = { value: 0, mask: 0 };
  for (const [, sign, name] of text.matchAll(/([+-])([a-z]+)/g)) {
    const bit = flags[name!];
    if (bit === undefined) throw new TextError(name!, `unknown flag, expected one of ${Object.keys(flags).join(", ")}`);
    parsed.mask |= bit;
    if (sign === "+") parsed.value |= bit;
  }
  return parsed;
}

function parseFragment(text: string): FieldValue | Masked {
  const found = FRAGMENTS[text];
  if (found === undefined) throw new TextError(text, `expected one of ${Object.keys(FRAGMENTS).join(", ")}`);
  return found[1] === 0xff ? found[0] : { value: found[0], mask: found[1] };
}

function parsePacketType(text: string): number {
  const parts = text.replace(/[()]/g, "").split(",");
  if (parts.length !== 2) throw new TextError(text, "expected (namespace,type)");
  return Number(integer(parts[0]!, 16)) * 0x10000 + Number(integer(parts[1]!, 16));
}

/** A port's number, OpenFlow's name for a reserved one, or one of `ports`. 16-bit reserved numbers mean the 32-bit ones. */
export function parsePort(text: string, ports: PortNames = {}): number {
  const named = Port[text.toUpperCase() as keyof typeof Port] ?? (text.toLowerCase() === "none" ? Port.ANY : undefined) ?? ports[text.replace(/^"|"$/g, "")];
  if (named !== undefined) return named;
  const value = Number(integer(text, 32));
  return value >= 0xff00 && value <= 0xffff ? value + 0xffff0000 : value;
}

const fitPort = (field: Field, port: number): number => (field.bytes === 2 ? port & 0xffff : port);

const PORT_NAMES = new Map<number, string>(Object.entries(Port).map(([name, value]) => [value, name]));

export function formatPort(port: number): string {
  return PORT_NAMES.get(port) ?? String(port);
}

/** The text that `parseValue` reads back. */
export function formatValue(field: Field, given: FieldValue | Masked): string {
  if (typeof given !== "object" || given instanceof Uint8Array) return formatPlain(field, given);
  const { value, mask } = given;
  const flags = FLAGS[field.format];
  if (flags) return formatFlags(flags, value as number, mask as number) ?? `${formatPlain(field, value)}/${formatPlain(field, mask)}`;
  if (field.format === "frag") return Object.keys(FRAGMENTS).find((name) => FRAGMENTS[name]![0] === value && FRAGMENTS[name]![1] === mask) ?? `${String(value)}/${String(mask)}`;
  const size = sizeOf(field, value);
  const prefix = field.format === "ipv4" || field.format === "ipv6" ? prefixLength(toBits(mask), size) : undefined;
  return `${formatPlain(field, value)}/${prefix ?? (isFullMask(field, mask) ? "-1" : formatPlain(field, mask))}`;
}

function formatPlain(field: Field, value: FieldValue): string {
  switch (field.format) {
    case "ipv4": return formatIpv4(value as number);
    case "ipv6": return formatIpv6(value as Uint8Array);
    case "mac": return formatMac(value as Uint8Array);
    case "port": return formatPort(field.bytes === 2 && (value as number) >= 0xff00 ? 0xffff0000 + (value as number) : (value as number));
    case "frag": return Object.keys(FRAGMENTS).find((name) => FRAGMENTS[name]![0] === value && FRAGMENTS[name]![1] === 0xff) ?? String(value);
    case "ptype": return `(${(value as number) >>> 16},0x${((value as number) & 0xffff).toString(16)})`;
    case "dec": return String(value);
    case "bytes": return `0x${hex(value as Uint8Array)}`;
    default: return isZero(value) ? "0" : `0x${toBits(value).toString(16)}`;
  }
}

/** Undefined: bits without a name. */
function formatFlags(flags: Readonly<Record<string, number>>, value: number, mask: number): string | undefined {
  let text = "";
  for (const name in flags) if (mask & flags[name]!) text += (value & flags[name]! ? "+" : "-") + name;
  const named = Object.values(flags).reduce((all, bit) => all | bit, 0);
  return (mask & ~named) === 0 ? text : undefined;
}
