// SPDX-License-Identifier: Apache-2.0
// Values of fields on the wire: up to 4 bytes numbers, 8 bytes bigint, the rest byte arrays.
import { EncodeError } from "./errors.ts";
import type { Field } from "./fields.ts";
import type { Reader } from "./reader.ts";
import type { FieldValue } from "./types.ts";
import type { Writer } from "./writer.ts";

/** Writes `value` with the field's width. The caller made the room. */
export function putValue(writer: Writer, field: Field, value: FieldValue): void {
  switch (field.bytes) {
    case 4:
      if ((value as number) >>> 0 !== value || value > field.max) throw badValue(field, value);
      writer.view.setUint32(writer.at, value);
      writer.at += 4;
      return;
    case 2:
      if (((value as number) & 0xffff) !== value || value > field.max) throw badValue(field, value);
      writer.view.setUint16(writer.at, value);
      writer.at += 2;
      return;
    case 1:
      if (((value as number) & 0xff) !== value || value > field.max) throw badValue(field, value);
      writer.bytes[writer.at++] = value;
      return;
    case 8:
      writer.u64(typeof value === "number" ? toBigint(field, value) : (value as bigint), field.name);
      return;
    default:
      if (!(value instanceof Uint8Array) || (field.variable ? value.length > field.bytes || value.length === 0 : value.length !== field.bytes)) throw badValue(field, value);
      writer.bytes.set(value, writer.at);
      writer.at += value.length;
  }
}

function toBigint(field: Field, value: number): bigint {
  if (!Number.isSafeInteger(value) || value < 0) throw badValue(field, value);
  return BigInt(value);
}

function badValue(field: Field, value: unknown): EncodeError {
  const expected = field.bytes <= 4 ? `0 to ${field.max}` : `${field.bytes} bytes`;
  const given = value instanceof Uint8Array ? `${value.length} bytes` : String(value);
  return new EncodeError(field.name, `${given}, expected ${expected}`);
}

/** Reads a value of `size` bytes (the field's own, except for a variable field). */
export function readValue(reader: Reader, field: Field, size: number): FieldValue {
  switch (field.bytes) {
    case 1: return reader.u8();
    case 2: return reader.u16();
    case 4: return reader.u32();
    case 8: return reader.u64();
    default: return reader.raw(size);
  }
}

/** Whether all bits that the field has are set. Tunnel fields of odd widths stay masked: Open vSwitch holds them in whole bytes. */
export function isFullMask(field: Field, mask: FieldValue): boolean {
  if (typeof mask === "number") return mask === ONES[field.bytes] || (mask === field.max && !field.name.startsWith("tun_"));
  if (typeof mask === "bigint") return mask === 0xffffffffffffffffn;
  for (let i = 0; i < mask.length; i++) if (mask[i] !== 0xff) return false;
  return true;
}

export function isZero(value: FieldValue): boolean {
  if (typeof value === "number") return value === 0;
  if (typeof value === "bigint") return value === 0n;
  for (let i = 0; i < value.length; i++) if (value[i] !== 0) return false;
  return true;
}

/** Whether `value` has a bit that `mask` has not. */
export function exceedsMask(value: FieldValue, mask: FieldValue): boolean {
  if (typeof value === "number" && typeof mask === "number") return (value & ~mask) !== 0;
  if (typeof value === "bigint" && typeof mask === "bigint") return (value & ~mask) !== 0n;
  if (value instanceof Uint8Array && mask instanceof Uint8Array && value.length === mask.length) {
    for (let i = 0; i < value.length; i++) if ((value[i]! & ~mask[i]!) !== 0) return true;
    return false;
  }
  return true;
}

const ONES: Readonly<Record<number, number>> = { 1: 0xff, 2: 0xffff, 4: 0xffffffff };

/** Any value as an unsigned bigint (for bit work off the hot path). */
export function toBits(value: FieldValue): bigint {
  if (!(value instanceof Uint8Array)) return BigInt(value);
  let bits = 0n;
  for (const byte of value) bits = (bits << 8n) | BigInt(byte);
  return bits;
}

/** `bits` as big-endian bytes. */
export function bitsToBytes(bits: bigint, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let i = size - 1; i >= 0; i--, bits >>= 8n) bytes[i] = Number(bits & 0xffn);
  return bytes;
}

/** `bits` as the kind of value that the field has. */
export function fromBits(field: Field, bits: bigint, size = field.bytes): FieldValue {
  if (field.bytes <= 4) return Number(bits);
  return field.bytes === 8 ? bits : bitsToBytes(bits, size);
}

export function onesMask(field: Field, size = field.bytes): FieldValue {
  return fromBits(field, (1n << BigInt(Math.min(size * 8, field.bits))) - 1n, size);
}
