// SPDX-License-Identifier: Apache-2.0
import { EncodeError } from "./errors.ts";
import { FIELD_CLASSES, FIELD_ROWS } from "./field-table.ts";
import type { Reader } from "./reader.ts";
import type { Version } from "./types.ts";
import type { Writer } from "./writer.ts";

/** How people write a field's values: hexadecimal, decimal, addresses, port numbers or names, flag names, plain bytes. */
export type FieldFormat = "hex" | "dec" | "ipv4" | "ipv6" | "mac" | "port" | "ct" | "tcp" | "tnl" | "frag" | "ptype" | "bytes";

/** One OXM header (OpenFlow 1.3 §7.2.3.2): class, field and, for class 0xffff, the experimenter. */
export interface FieldHeader {
  /** NXM_OF_ETH_SRC, OXM_OF_ETH_SRC, ... */
  readonly name: string;
  /** The 32-bit header without mask bit and length: class << 16 | field << 9, unsigned. */
  readonly base: number;
  /** 0: none. */
  readonly experimenter: number;
  /** First wire version that prefers this header; 0: always there. */
  readonly version: number;
  /** The whole 32-bit header of a plain and of a masked value of the field's usual size. */
  readonly plain: number;
  readonly masked: number;
}

export interface Field {
  readonly name: string;
  readonly alias: string | undefined;
  /** Bytes on the wire. */
  readonly bytes: number;
  /** Bits that count, from the least significant. */
  readonly bits: number;
  /** Largest value of a field of up to 4 bytes. */
  readonly max: number;
  readonly maskable: boolean;
  readonly writable: boolean;
  readonly format: FieldFormat;
  /** Name of the condition that a match must fulfil to have this field ("tcp", "arp", ...; "" for none): see prerequisites.ts. */
  readonly prerequisite: string;
  /** Place in a match as Open vSwitch writes it. */
  readonly rank: number;
  /** Width of a register (32, 64, 128), -1 for a field that OXM says with others (vlan_tci, nw_tos), 0 for all others. */
  readonly form: number;
  /** tun_metadata: the option's length is the switch's configuration, `bytes` is the maximum. */
  readonly variable: boolean;
  readonly headers: readonly FieldHeader[];
  /** Header to write in a match, set-field and copy-field, by wire version. */
  readonly oxm: Readonly<Record<Version, FieldHeader>>;
  /** Header to write in Nicira's actions. */
  readonly nxm: FieldHeader;
}

const byName = new Map<string, Field>();
/** By header base and experimenter; fields that differ only in length (none) would collide. */
const byHeader = new Map<number, Field>();
/** By the whole header of an unmasked value of the usual size, without experimenter: what nearly all of a packet-in's fields have. */
const byPlainHeader = new Map<number, Field>();
const byHeaderName = new Map<string, Field>();

/** All fields, in Open vSwitch's order of a match. */
export const FIELDS: readonly Field[] = FIELD_ROWS.flatMap(expand);

function expand(row: string): Field[] {
  const columns = row.split(" ");
  const last = columns[columns.length - 1]!;
  const count = last.startsWith("*") ? Number(last.slice(1)) : 1;
  if (count > 1) columns.pop();
  return Array.from({ length: count }, (_, i) => makeField(columns, i));
}

function makeField(columns: string[], index: number): Field {
  const [name, alias, bytes, bits, access, format, prerequisite, ...forms] = columns as [string, string, string, string, string, FieldFormat, string, ...string[]];
  const headers = forms.map((form) => makeHeader(form, index, Number(bytes)));
  const preferred = (version: number) => headers.reduce((best, header) => (version >= header.version ? header : best));
  const field: Field = {
    name: numbered(name, index), alias: alias === "-" ? undefined : numbered(alias, index),
    bytes: Number(bytes), bits: Number(bits),
    // OXM vlan_vid has bit 12 on top of its 12 bits: "there is a tag" (OFPVID_PRESENT).
    max: name === "vlan_vid" ? 0x1fff : 2 ** Math.min(32, Number(bits)) - 1,
    maskable: access[0] === "m", writable: access[1] === "w", format, prerequisite: prerequisite === "-" ? "" : prerequisite,
    rank: byName.size, form: /^x{0,2}reg\d+$/.test(name) ? Number(bits) : name === "vlan_tci" || name === "nw_tos" ? -1 : 0, variable: format === "bytes", headers,
    oxm: { 4: preferred(4), 5: preferred(5), 6: preferred(6) }, nxm: preferred(0),
  };
  register(field);
  return field;
}

function register(field: Field): void {
  byName.set(field.name, field);
  for (const header of field.headers) {
    byHeader.set(headerKey(header.base, header.experimenter), field);
    byHeaderName.set(header.name, field);
    if (header.experimenter === 0 && !field.variable) byPlainHeader.set(header.plain, field);
  }
}

function makeHeader(form: string, index: number, bytes: number): FieldHeader {
  const [kind, number, version, name] = form.split(".") as [string, string, string, string];
  const [oxmClass, experimenter] = FIELD_CLASSES[kind]!;
  const base = oxmClass * 0x10000 + (Number(number) + index) * 0x200;
  const extra = experimenter === 0 ? 0 : 4;
  return { name: numbered(name, index), base, experimenter, version: Number(version), plain: base + bytes + extra, masked: base + 0x100 + 2 * bytes + extra };
}

/** "reg0" counted on by `index`. */
function numbered(name: string, index: number): string {
  return index === 0 ? name : name.replace(/\d+$/, (digits) => String(Number(digits) + index));
}

/** Negative for experimenter fields, so that no class collides with one. */
function headerKey(base: number, experimenter: number): number {
  return experimenter === 0 ? base : -(experimenter * 0x10000 + (base & 0xfe00));
}

const aliases = new Map<string, string>();
for (const field of FIELDS) if (field.alias) aliases.set(field.alias, field.name);

/** By Open vSwitch's name, its other name, or a header's name (NXM_OF_ETH_SRC); undefined when there is none. */
export function findField(name: string): Field | undefined {
  return byName.get(name) ?? byName.get(aliases.get(name) ?? "") ?? byHeaderName.get(name);
}

/** Same; EncodeError when there is none. */
export function fieldNamed(name: string): Field {
  const field = byName.get(name) ?? findField(name);
  if (!field) throw new EncodeError(name, "unknown field");
  return field;
}

/** By the 32 bits of an OXM header (mask bit and length ignored) and experimenter. */
export function fieldOfHeader(header: number, experimenter: number): Field | undefined {
  return byHeader.get(headerKey(header - (header & 0x1ff), experimenter));
}

/** By the whole 32 bits of a header without mask and experimenter, its length being the field's; undefined for any other header. */
export function fieldOfPlainHeader(header: number): Field | undefined {
  return byPlainHeader.get(header);
}

/** Writes a header whose payload has `size` bytes, not counting experimenter (and counting value and mask). */
export function putHeader(writer: Writer, header: FieldHeader, size: number, masked: boolean): void {
  writer.need(8 + size);
  const length = header.experimenter === 0 ? size : size + 4;
  writer.view.setUint32(writer.at, header.base + (masked ? 0x100 : 0) + length);
  writer.at += 4;
  if (header.experimenter !== 0) writer.u32(header.experimenter, "experimenter");
}

/** What an OXM header says. `length` is the payload's, without experimenter. */
export interface HeaderRead {
  header: number;
  experimenter: number;
  masked: boolean;
  length: number;
  field: Field | undefined;
}

export function readHeader(reader: Reader): HeaderRead {
  const start = reader.at;
  const header = reader.u32();
  let length = header & 0xff;
  let experimenter = 0;
  if (header >>> 16 === 0xffff) {
    if (length < 4) reader.fail(`experimenter field of ${length} bytes, at least 4 expected`, start);
    length -= 4;
    experimenter = reader.u32();
  }
  return { header, experimenter, masked: (header & 0x100) !== 0, length, field: fieldOfHeader(header, experimenter) };
}
