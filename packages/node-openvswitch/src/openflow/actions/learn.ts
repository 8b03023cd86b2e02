// SPDX-License-Identifier: Apache-2.0
// NXAST_LEARN and NXAST_LEARN2: a head and flow_mod_specs, each a 16-bit header (source kind, destination kind, bits) and what they need.
import { EncodeError } from "../errors.ts";
import { readHeader } from "../fields.ts";
import type { Reader } from "../reader.ts";
import { checkPart, type Part, partOf, putFieldHeader, readFieldHeader } from "../subfields.ts";
import type { Action, LearnSpec, Subfield, Version } from "../types.ts";
import type { Writer } from "../writer.ts";
import { beginNicira, end, Nicira } from "./wire.ts";

type Learn = Extract<Action, { type: "learn" }>;

const WRITE_RESULT = 4;
const IMMEDIATE = 1 << 13;
const LOAD = 1 << 11;
const OUTPUT = 2 << 11;

export function putLearn(writer: Writer, action: Learn, _version: Version): void {
  const long = action.limit !== undefined || action.resultDestination !== undefined;
  const start = beginNicira(writer, long ? Nicira.LEARN2 : Nicira.LEARN, 48);
  writer.u16(action.idleTimeout ?? 0, "learn.idleTimeout");
  writer.u16(action.hardTimeout ?? 0, "learn.hardTimeout");
  writer.u16(action.priority ?? 0x8000, "learn.priority");
  writer.u64(action.cookie ?? 0n, "learn.cookie");
  writer.u16((action.flags ?? 0) | (action.resultDestination ? WRITE_RESULT : 0), "learn.flags");
  writer.u8(action.table, "learn.table");
  writer.at += 1;
  writer.u16(action.finIdleTimeout ?? 0, "learn.finIdleTimeout");
  writer.u16(action.finHardTimeout ?? 0, "learn.finHardTimeout");
  if (long) putLimit(writer, action);
  for (const spec of action.specs) putSpec(writer, spec);
  end(writer, start);
}

function putLimit(writer: Writer, action: Learn): void {
  writer.u32(action.limit ?? 0, "learn.limit");
  const result = action.resultDestination && partOf(action.resultDestination, "learn.resultDestination");
  writer.u16(result?.start ?? 0, "learn.resultDestination");
  writer.at += 2;
  if (result) putFieldHeader(writer, result, result.field.nxm);
}

function putSpec(writer: Writer, spec: LearnSpec): void {
  writer.need(32);
  if (spec.type === "output") {
    const source = partOf(spec.source, "learn.output");
    writer.u16(OUTPUT | source.bits, "learn.output");
    return putPart(writer, source);
  }
  const destination = partOf(spec.destination, `learn.${spec.type}`);
  const source = "source" in spec ? partOf(spec.source, `learn.${spec.type}`) : undefined;
  if (source && source.bits !== destination.bits) throw new EncodeError(`learn.${spec.type}`, `source has ${source.bits} bits, destination ${destination.bits}`);
  writer.u16((source ? 0 : IMMEDIATE) | (spec.type.startsWith("load") ? LOAD : 0) | destination.bits, "learn");
  if (source) putPart(writer, source);
  else putImmediate(writer, (spec as { value: Uint8Array }).value, destination.bits);
  putPart(writer, destination);
}

function putPart(writer: Writer, part: Part): void {
  putFieldHeader(writer, part, part.field.nxm);
  writer.need(8);
  writer.u16(part.start, part.field.name);
}

function putImmediate(writer: Writer, value: Uint8Array, bits: number): void {
  const size = Math.ceil(bits / 8);
  if (value.length !== size) throw new EncodeError("learn.value", `${value.length} bytes, expected ${size} for ${bits} bits`);
  writer.zero(size % 2);
  writer.raw(value);
}

/** Undefined: a field that we do not know. */
export function readLearn(reader: Reader, long: boolean): Action | undefined {
  const action: Learn = { type: "learn", table: 0, specs: [] };
  set(action, "idleTimeout", reader.u16(), 0);
  set(action, "hardTimeout", reader.u16(), 0);
  set(action, "priority", reader.u16(), 0x8000);
  set(action, "cookie", reader.u64(), 0n);
  const flags = reader.u16();
  set(action, "flags", flags & ~WRITE_RESULT, 0);
  action.table = reader.u8();
  reader.skip(1);
  set(action, "finIdleTimeout", reader.u16(), 0);
  set(action, "finHardTimeout", reader.u16(), 0);
  if (!long && flags & WRITE_RESULT) return undefined;
  if (long && !readLimit(reader, action, flags)) return undefined;
  return readSpecs(reader, action) ? action : undefined;
}

function set<K extends keyof Learn>(action: Learn, key: K, value: Learn[K], unless: Learn[K]): void {
  if (value !== unless) action[key] = value;
}

function readLimit(reader: Reader, action: Learn, flags: number): boolean {
  action.limit = reader.u32();
  const start = reader.u16();
  reader.skip(2);
  if (!(flags & WRITE_RESULT)) return true;
  const at = reader.at;
  const read = readFieldHeader(reader);
  if (read) action.resultDestination = checkPart(reader, at, read.field, start, 1, read.size);
  return read !== undefined;
}

function readSpecs(reader: Reader, action: Learn): boolean {
  while (reader.left >= 2) {
    const start = reader.at;
    const header = reader.u16();
    if (header === 0) break;
    const spec = readSpec(reader, header, start);
    if (spec === undefined) return false;
    action.specs.push(spec);
  }
  return true;
}

function readSpec(reader: Reader, header: number, start: number): LearnSpec | undefined {
  const bits = header & 0x7ff;
  const kind = header & 0x1800;
  if (header & 0xc000 || kind === 0x1800 || (kind === OUTPUT && header & IMMEDIATE) || bits === 0) reader.fail(`learn spec 0x${header.toString(16)}`, start);
  if (header & IMMEDIATE) return readImmediate(reader, kind === LOAD, bits);
  const source = readPart(reader, bits);
  if (source === undefined) return undefined;
  if (kind === OUTPUT) return { type: "output", source };
  const destination = readPart(reader, bits);
  return destination && { type: kind === LOAD ? "load-field" : "match-field", destination, source };
}

function readImmediate(reader: Reader, load: boolean, bits: number): LearnSpec | undefined {
  const size = Math.ceil(bits / 8);
  reader.skip(size % 2);
  const value = reader.raw(size);
  const destination = readPart(reader, bits);
  return destination && { type: load ? "load-immediate" : "match-immediate", destination, value };
}

function readPart(reader: Reader, bits: number): Subfield | undefined {
  const at = reader.at;
  const { field, length, masked } = readHeader(reader);
  const start = reader.u16();
  if (field === undefined) return undefined;
  if (masked || (!field.variable && length !== field.bytes)) reader.fail(`header of ${field.name} has ${masked ? "a mask" : `length ${length}`}`, at);
  return checkPart(reader, at, field, start, bits, length);
}
