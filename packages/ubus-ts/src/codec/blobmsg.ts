// SPDX-License-Identifier: Apache-2.0
/*
 * blobmsg (libubox, blobmsg.h): attributes whose id is the type and whose payload begins with a name: 16-bit length, the name, NUL, zeros to 4 bytes.
 * Elements of arrays have the empty name. Attributes without the "extended" bit have no name header at all; they are read as unnamed.
 */
import { BlobWriter, align, eachAttribute, u16, u32 } from "./blob.ts";
import { DecodeError, EncodeError } from "./errors.ts";
import { decodeText, encodeText } from "./text.ts";
import { BlobmsgType, Double, Int16, Int8, type Table, type Value } from "./value.ts";

/** Tables and arrays within each other, at most. */
export const MAX_DEPTH = 64;

/** The members of a table, which is what the attribute DATA holds. Throws DecodeError. */
export function decodeTable(payload: Uint8Array): Table {
  return tableFrom(payload, 0, payload.length, 1);
}

/** The bytes of a table's members. Throws EncodeError, or OversizedError above 1 MiB. */
export function encodeTable(table: Table): Uint8Array {
  const writer = new BlobWriter();
  writeMembers(writer, table, "", 1);
  return writer.finish();
}

/** Adds a member, also one called "__proto__". */
export function setMember(table: Table, name: string, value: Value): void {
  if (name === "__proto__") Object.defineProperty(table, name, { value, enumerable: true, writable: true, configurable: true });
  else table[name] = value;
}

function tableFrom(bytes: Uint8Array, start: number, end: number, depth: number): Table {
  const table: Table = {};
  eachNamed(bytes, start, end, (name, type, from, to) => setMember(table, name, valueFrom(bytes, type, from, to, depth)));
  return table;
}

function arrayFrom(bytes: Uint8Array, start: number, end: number, depth: number): Value[] {
  const array: Value[] = [];
  eachNamed(bytes, start, end, (_name, type, from, to) => array.push(valueFrom(bytes, type, from, to, depth)));
  return array;
}

function eachNamed(bytes: Uint8Array, start: number, end: number, visit: (name: string, type: number, from: number, to: number) => void): void {
  eachAttribute(bytes, start, end, (type, extended, from, to) => {
    if (!extended) return visit("", type, from, to);
    if (to - from < 4) throw new DecodeError(`name: ${to - from} bytes are left, at least 4 expected`, from);
    const length = u16(bytes, from);
    const data = from + align(2 + length + 1);
    if (data > to) throw new DecodeError(`name: length ${length}, but the attribute ends ${to - from} bytes after it began`, from);
    visit(length === 0 ? "" : textFrom(bytes, from + 2, from + 3 + length, "name"), type, data, to);
  });
}

/** Bytes with a NUL at the end and none before it: C would read only up to the first. */
export function textFrom(bytes: Uint8Array, from: number, to: number, what: string): string {
  if (to <= from || bytes[to - 1] !== 0) throw new DecodeError(`${what}: does not end with NUL`, Math.max(from, to - 1));
  const text = bytes.subarray(from, to - 1);
  const nul = text.indexOf(0);
  if (nul >= 0) throw new DecodeError(`${what}: a NUL inside`, from + nul);
  return decodeText(text);
}

const sizes: Record<number, number> = { [BlobmsgType.int64]: 8, [BlobmsgType.int32]: 4, [BlobmsgType.int16]: 2, [BlobmsgType.int8]: 1, [BlobmsgType.double]: 8 };

function valueFrom(bytes: Uint8Array, type: number, from: number, to: number, depth: number): Value {
  const size = sizes[type];
  if (size !== undefined && to - from !== size) throw new DecodeError(`value of type ${type}: ${to - from} bytes, ${size} expected`, from);
  switch (type) {
    case BlobmsgType.unspec: return null;
    case BlobmsgType.string: return textFrom(bytes, from, to, "string");
    case BlobmsgType.int32: return u32(bytes, from) | 0;
    case BlobmsgType.int8: return bytes[from]! > 1 ? new Int8(bytes[from]!) : bytes[from] === 1;
    case BlobmsgType.int16: return new Int16(u16(bytes, from));
    case BlobmsgType.int64: return view(bytes, from).getBigInt64(0);
    case BlobmsgType.double: return new Double(view(bytes, from).getFloat64(0));
    case BlobmsgType.array:
    case BlobmsgType.table:
      if (depth >= MAX_DEPTH) throw new DecodeError(`nested more than ${MAX_DEPTH} deep`, from);
      return type === BlobmsgType.array ? arrayFrom(bytes, from, to, depth + 1) : tableFrom(bytes, from, to, depth + 1);
    default: throw new DecodeError(`value of unknown type ${type}`, from);
  }
}

function view(bytes: Uint8Array, at: number): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset + at, 8);
}

function writeMembers(writer: BlobWriter, table: Table, path: string, depth: number): void {
  for (const name in table) {
    const value = table[name];
    if (value !== undefined) writeValue(writer, name, value, path ? `${path}.${name}` : name, depth);
  }
}

function writeValue(writer: BlobWriter, name: string, value: Value, path: string, depth: number): void {
  const type = typeOf(value, path);
  const begun = writer.begin(type, true);
  writeName(writer, name);
  if (type === BlobmsgType.string) writeText(writer, value as string, path);
  else if (type === BlobmsgType.int32) writer.u32(value as number);
  else if (type === BlobmsgType.int8) writer.u8(Number(value));
  else if (type === BlobmsgType.int16) writer.u16(Number(value));
  else if (type === BlobmsgType.int64) writer.u64(BigInt(value as bigint));
  else if (type === BlobmsgType.double) writer.double(Number(value));
  else if (value !== null) {
    if (depth >= MAX_DEPTH) throw new EncodeError(path.slice(0, 60), `at most ${MAX_DEPTH} tables and arrays within each other`);
    if (Array.isArray(value)) value.forEach((element, i) => writeValue(writer, "", element, `${path}[${i}]`, depth + 1));
    else writeMembers(writer, value as Table, path, depth + 1);
  }
  writer.end(begun);
}

function writeName(writer: BlobWriter, name: string): void {
  if (name === "") return void writer.skip(4);
  const at = writer.skip(2);
  writeText(writer, name, name);
  const length = writer.length - at - 3;
  if (length > 0xffff) throw new EncodeError(name.slice(0, 60), "a name of at most 65,535 bytes");
  writer.setU16(at, length);
  writer.pad();
}

/** With the NUL that ends it. */
export function writeText(writer: BlobWriter, text: string, path: string): void {
  if (!writer.ascii(text)) {
    const bytes = text.includes("\0") ? undefined : encodeText(text);
    if (!bytes) throw new EncodeError(path, "a string without NUL and without half of a surrogate pair");
    writer.raw(bytes);
  }
  writer.u8(0);
}

function typeOf(value: Value, path: string): number {
  if (typeof value === "string") return BlobmsgType.string;
  if (typeof value === "number") return typeOfNumber(value);
  if (typeof value === "boolean" || value instanceof Int8) return BlobmsgType.int8;
  if (typeof value === "bigint") {
    if (value < -(1n << 63n) || value >= 1n << 64n) throw new EncodeError(path, "an integer of 64 bits");
    return BlobmsgType.int64;
  }
  if (value === null) return BlobmsgType.unspec;
  if (value instanceof Double) return BlobmsgType.double;
  if (value instanceof Int16) return BlobmsgType.int16;
  if (Array.isArray(value)) return BlobmsgType.array;
  if (typeof value !== "object") throw new EncodeError(path, `a value of blobmsg, not a ${typeof value}`);
  return BlobmsgType.table;
}

/** As ubus's own JSON does: what fits is INT32, any other integer INT64, the rest DOUBLE. Beyond 2^53 a number is no integer that one could rely on. */
function typeOfNumber(value: number): number {
  if ((value | 0) === value && !Object.is(value, -0)) return BlobmsgType.int32;
  return Number.isSafeInteger(value) && value !== 0 ? BlobmsgType.int64 : BlobmsgType.double;
}
