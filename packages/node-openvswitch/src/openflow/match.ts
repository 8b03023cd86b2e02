// SPDX-License-Identifier: Apache-2.0
import { EncodeError } from "./errors.ts";
import { type Field, type FieldHeader, fieldNamed, fieldOfPlainHeader, findField, type HeaderRead, putHeader, readHeader } from "./fields.ts";
import { checkPrerequisite } from "./prerequisites.ts";
import { Reader } from "./reader.ts";
import { splitRegisters } from "./registers.ts";
import type { FieldValue, Masked, Match, Version } from "./types.ts";
import { exceedsMask, isFullMask, isZero, putValue, readValue } from "./values.ts";
import { Writer } from "./writer.ts";

/**
 * The fields of a match as OXM TLVs, without header and padding, in the one form and order in which Open vSwitch writes
 * them: registers as reg0-15 below OpenFlow 1.5 and as xreg0-7 from there on, vlan_tci as vlan_vid and vlan_pcp, nw_tos as
 * ip_dscp. So equal matches give equal bytes, also against what a switch reports. Throws EncodeError.
 */
export function encodeMatch(match: Match, version: Version): Uint8Array {
  const writer = new Writer(128);
  putFields(writer, match, version, true);
  return writer.take();
}

/** Reads OXM TLVs (without header and padding). Throws DecodeError. */
export function decodeMatch(bytes: Uint8Array, _version: Version): Match {
  return readFields(Reader.of(bytes, "match"));
}

const IN_PORT = fieldNamed("in_port_oxm");
const UNKNOWN_RANK = 10_000;

/** A name in a match: "in_port" means OXM's 32-bit field there, NXM's 16-bit one in actions. */
const matchFields = new Map<string, Field>([["in_port", IN_PORT]]);

function fieldOfMatch(name: string): Field | undefined {
  let field = matchFields.get(name);
  if (field === undefined) {
    if (name.startsWith("oxm:")) return undefined;
    field = fieldNamed(name);
    matchFields.set(name, field);
  }
  return field;
}

// Scratch of `putFields`, which is not re-entrant: one match by rank.
const names: string[] = [];
const fields: (Field | undefined)[] = [];
const ranks: number[] = [];

/** Writes the fields of a match. `strict`: refuses a field whose prerequisite is missing (a packet-in's metadata has none). */
export function putFields(writer: Writer, match: Match, version: Version, strict: boolean): void {
  const count = sortFields(match, version);
  if (count < 0) return putFields(writer, canonical(match, version), version, strict);
  for (let i = 0; i < count; i++) {
    const name = names[i]!;
    const field = fields[i];
    if (field === undefined) putUnknown(writer, name, match[name] as Uint8Array | Masked<Uint8Array>);
    else {
      if (strict && field.prerequisite !== "") checkPrerequisite(name, field.prerequisite, match);
      putField(writer, field, match[name]!, version);
    }
  }
}

/** Fills the scratch in rank order; -1 when the match is not in canonical form. */
function sortFields(match: Match, version: Version): number {
  let count = 0;
  for (const name in match) {
    const field = fieldOfMatch(name);
    const rank = field === undefined ? UNKNOWN_RANK : field.rank;
    if (field !== undefined && field.form !== 0 && field.form !== (version === 6 ? 64 : 32)) return -1;
    let at = count++;
    for (; at > 0 && ranks[at - 1]! > rank; at--) {
      ranks[at] = ranks[at - 1]!;
      fields[at] = fields[at - 1];
      names[at] = names[at - 1]!;
    }
    ranks[at] = rank;
    fields[at] = field;
    names[at] = name;
  }
  return count;
}

/** Same meaning in Open vSwitch's own fields. */
function canonical(match: Match, version: Version): Match {
  const out: Match = {};
  const registers: Match = {};
  for (const name in match) {
    const field = fieldOfMatch(name);
    const value = match[name]!;
    if (field !== undefined && field.form > 0) registers[field.name] = value;
    else if (field?.name === "vlan_tci") splitVlan(out, value as number | Masked<number>);
    else if (field?.name === "nw_tos") out["ip_dscp"] = (value as number) >> 2;
    else out[name] = value;
  }
  return Object.assign(out, splitRegisters(registers, version));
}

function splitVlan(out: Match, tci: number | Masked<number>): void {
  const { value, mask } = typeof tci === "number" ? { value: tci, mask: 0xffff } : tci;
  if ((mask & 0x1fff) !== 0) out["vlan_vid"] = { value: value & 0x1fff, mask: mask & 0x1fff };
  if ((mask & 0xe000) !== 0) out["vlan_pcp"] = value >> 13;
}

function isMasked(given: FieldValue | Masked): given is Masked {
  return typeof given === "object" && !(given instanceof Uint8Array);
}

function putField(writer: Writer, field: Field, given: FieldValue | Masked, version: Version): void {
  if (!isMasked(given)) {
    putFieldHead(writer, field.oxm[version], field, given, false);
    return putValue(writer, field, given);
  }
  const { value, mask } = given;
  if (exceedsMask(value, mask)) throw new EncodeError(field.name, "value and mask differ in kind, or the value has bits outside the mask");
  if (isZero(mask)) return;
  if (isFullMask(field, mask)) return putField(writer, field, value, version);
  if (!field.maskable) throw new EncodeError(field.name, "cannot be masked");
  putMasked(writer, field, value, mask, version);
}

function putMasked(writer: Writer, field: Field, value: FieldValue, mask: FieldValue, version: Version): void {
  putFieldHead(writer, field.oxm[version], field, value, true);
  putValue(writer, field, value);
  putValue(writer, field, mask);
}

function putFieldHead(writer: Writer, header: FieldHeader, field: Field, value: FieldValue, masked: boolean): void {
  if (field.variable) return putHeader(writer, header, (masked ? 2 : 1) * (value instanceof Uint8Array ? value.length : 0), masked);
  writer.need(40);
  writer.view.setUint32(writer.at, masked ? header.masked : header.plain);
  writer.at += 4;
  if (header.experimenter !== 0) writer.u32(header.experimenter, "experimenter");
}

/** Reads fields up to the reader's end. Throws DecodeError for wrong lengths, duplicates and values outside their mask. */
export function readFields(reader: Reader): Match {
  const match: Match = {};
  while (reader.left > 0) readField(reader, match);
  return match;
}

function readField(reader: Reader, match: Match): void {
  const start = reader.at;
  reader.need(4);
  const plain = fieldOfPlainHeader(reader.view.getUint32(start));
  if (plain === undefined) return readAnyField(reader, match, start);
  reader.at += 4;
  addField(reader, match, plain === IN_PORT ? "in_port" : plain.name, readValue(reader, plain, plain.bytes), start);
}

/** Masked, of an experimenter, of variable or wrong length, or unknown. */
function readAnyField(reader: Reader, match: Match, start: number): void {
  const read = readHeader(reader);
  const { field, length, masked } = read;
  reader.need(length);
  const size = masked ? length >> 1 : length;
  if (field === undefined) return addField(reader, match, unknownName(read), readUnknown(reader, masked, length, start), start);
  if ((masked && length % 2 !== 0) || (field.variable ? size === 0 || size > field.bytes : size !== field.bytes)) reader.fail(`${field.name} has ${length} bytes`, start);
  const name = field === IN_PORT ? "in_port" : field.name;
  const value = readValue(reader, field, size);
  if (!masked) return addField(reader, match, name, value, start);
  const mask = readValue(reader, field, size);
  if (exceedsMask(value, mask)) reader.fail(`${field.name} has bits outside its mask`, start);
  if (isZero(mask)) return;
  addField(reader, match, name, isFullMask(field, mask) ? value : { value, mask }, start);
}

function addField(reader: Reader, match: Match, name: string, value: FieldValue | Masked, start: number): void {
  if (name in match) reader.fail(`${name} appears twice`, start);
  match[name] = value;
}

// Fields that this library does not know keep their bytes under a name made of their numbers: "oxm:CLASS/FIELD/EXPERIMENTER", in hex.

function unknownName({ header, experimenter }: HeaderRead): string {
  return `oxm:${(header >>> 16).toString(16)}/${((header >>> 9) & 0x7f).toString(16)}/${experimenter.toString(16)}`;
}

function readUnknown(reader: Reader, masked: boolean, length: number, start: number): FieldValue | Masked {
  if (!masked) return reader.raw(length);
  if (length % 2 !== 0) reader.fail(`masked field of ${length} bytes`, start);
  return { value: reader.raw(length / 2), mask: reader.raw(length / 2) };
}

function putUnknown(writer: Writer, name: string, given: Uint8Array | Masked<Uint8Array>): void {
  const parts = name.slice(4).split("/").map((digits) => parseInt(digits, 16));
  if (parts.length !== 3 || parts.some((part) => !(part >= 0))) throw new EncodeError(name, "unknown field");
  const [oxmClass, number, experimenter] = parts as [number, number, number];
  const header = { name, base: oxmClass * 0x10000 + number * 0x200, experimenter, version: 0, plain: 0, masked: 0 };
  const masked = isMasked(given);
  putHeader(writer, header, masked ? given.value.length * 2 : given.length, masked);
  writer.raw(masked ? given.value : given);
  if (masked) writer.raw(given.mask);
}

/** A match with its header (type 1: OXM) and padding to 8 bytes, as it stands in a message (OpenFlow 1.3 §7.2.3.1). */
export function putMatch(writer: Writer, match: Match, version: Version, strict = true): void {
  const start = writer.at;
  writer.need(8);
  writer.view.setUint16(start, 1);
  writer.at += 4;
  putFields(writer, match, version, strict);
  writer.length16(start + 2, start, "match");
  writer.pad8(start);
}

/** Reads a match with header and padding. */
export function readMatch(reader: Reader): Match {
  const start = reader.at;
  const type = reader.u16();
  const length = reader.u16();
  if (type !== 1) reader.fail(`match type ${type}, expected 1 (OXM)`, start);
  if (length < 4) reader.fail(`match length ${length}, at least 4 expected`, start + 2);
  const match = readFields(reader.sub(length - 4, "match"));
  const padding = (8 - (length & 7)) & 7;
  reader.skip(padding);
  return match;
}

/** Whether `name` may stand in a match. */
export function isMatchField(name: string): boolean {
  return name.startsWith("oxm:") || findField(name) !== undefined;
}
