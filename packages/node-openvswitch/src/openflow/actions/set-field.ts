// SPDX-License-Identifier: Apache-2.0
// set-field, load, move: one meaning, different wire forms by version (OpenFlow 1.5 §7.2.6.7; lib/ofp-actions.c).
import { EncodeError } from "../errors.ts";
import { type Field, fieldNamed, putHeader } from "../fields.ts";
import { type Part, partOf, putFieldHeader, putOffsetBits } from "../subfields.ts";
import type { Action, FieldValue, Version } from "../types.ts";
import { exceedsMask, fromBits, isFullMask, putValue, toBits } from "../values.ts";
import type { Writer } from "../writer.ts";
import { begin, beginNicira, end, Nicira, Standard } from "./wire.ts";

type Of<T extends Action["type"]> = Extract<Action, { type: T }>;

export function putSetField(writer: Writer, action: Of<"set-field">, version: Version): void {
  const field = fieldNamed(action.field);
  if (!field.writable) throw new EncodeError(`set-field.${action.field}`, "is read-only");
  const { value, mask } = action;
  if (mask === undefined || isFullMask(field, mask) || mask === field.max) return putWhole(writer, field, value, version);
  if (exceedsMask(value, mask)) throw new EncodeError(`set-field.${action.field}`, "value and mask differ in kind, or the value has bits outside the mask");
  if (version === 6) return putOxm(writer, field, value, mask, version);
  if (needsLoad2(field)) return putLoad2(writer, field, value, mask);
  putLoads(writer, field, toBits(value), toBits(mask));
}

function putWhole(writer: Writer, field: Field, value: FieldValue, version: Version): void {
  if (field.oxm[version].experimenter !== 0 || field.variable) return putOxm(writer, field, value, undefined, version);
  const size = (8 + field.bytes + 7) & ~7;
  const start = writer.at;
  begin(writer, Standard.SET_FIELD, size);
  writer.view.setUint32(writer.at, field.oxm[version].base + field.bytes);
  writer.at += 4;
  putValue(writer, field, value);
  writer.at = start + size;
}

function putOxm(writer: Writer, field: Field, value: FieldValue, mask: FieldValue | undefined, version: Version): void {
  const start = writer.at;
  begin(writer, Standard.SET_FIELD, 8);
  putEntry(writer, field, value, mask, version);
  end(writer, start);
}

function putEntry(writer: Writer, field: Field, value: FieldValue, mask: FieldValue | undefined, version: Version | 0): void {
  const size = value instanceof Uint8Array ? value.length : field.bytes;
  putHeader(writer, version === 0 ? field.nxm : field.oxm[version], mask === undefined ? size : 2 * size, mask !== undefined);
  putValue(writer, field, value);
  if (mask !== undefined) putValue(writer, field, mask);
}

/** One load for every run of set mask bits, from the lowest, none longer than 64 bits. */
function putLoads(writer: Writer, field: Field, value: bigint, mask: bigint): void {
  for (let start = 0; start < field.bits; ) {
    if ((mask & LIMITS[start]!) === 0n) {
      start++;
      continue;
    }
    let bits = 1;
    while (bits < 64 && start + bits < field.bits && (mask & LIMITS[start + bits]!) !== 0n) bits++;
    putRegLoad(writer, { field, start, bits, size: field.bytes }, (value >> BigInt(start)) & (LIMITS[bits]! - 1n));
    start += bits;
  }
}

export function putLoad(writer: Writer, action: Of<"load">, version: Version): void {
  const part = partOf(action.destination, "load.destination");
  const { value } = action;
  if (!part.field.writable) throw new EncodeError("load.destination", `${part.field.name} is read-only`);
  if (typeof value !== "bigint" || value < 0n || value >= (LIMITS[part.bits] ?? 1n << BigInt(part.bits))) throw new EncodeError("load.value", `${value} does not fit in ${part.bits} bits`);
  if (version !== 6 && !needsLoad2(part.field)) return putRegLoad(writer, part, value);
  const { field, start, bits, size } = part;
  const whole = start === 0 && bits === (field.variable ? size * 8 : field.bits);
  const shifted = fromBits(field, value << BigInt(start), size);
  const mask = whole ? undefined : fromBits(field, ((1n << BigInt(bits)) - 1n) << BigInt(start), size);
  if (version === 6) putOxm(writer, field, shifted, mask, version);
  else putLoad2(writer, field, shifted, mask);
}

/** 2 to the power of the index: what a number of so many bits stays below. */
const LIMITS: readonly bigint[] = Array.from({ length: 129 }, (_, bits) => 1n << BigInt(bits));

function needsLoad2(field: Field): boolean {
  return field.variable || field.nxm.experimenter !== 0;
}

function putRegLoad(writer: Writer, part: Part, value: bigint): void {
  beginNicira(writer, Nicira.REG_LOAD, 24);
  putOffsetBits(writer, part);
  writer.view.setUint32(writer.at, part.field.nxm.base + part.size);
  writer.at += 4;
  writer.view.setBigUint64(writer.at, value);
  writer.at += 8;
}

function putLoad2(writer: Writer, field: Field, value: FieldValue, mask: FieldValue | undefined): void {
  const start = beginNicira(writer, Nicira.REG_LOAD2, 16);
  putEntry(writer, field, value, mask, 0);
  end(writer, start);
}

export function putMove(writer: Writer, action: Of<"move">, version: Version): void {
  const source = partOf(action.source, "move.source");
  const destination = partOf(action.destination, "move.destination");
  if (source.bits !== destination.bits) throw new EncodeError("move", `source has ${source.bits} bits, destination ${destination.bits}`);
  if (!destination.field.writable) throw new EncodeError("move.destination", `${destination.field.name} is read-only`);
  const start = writer.at;
  if (version === 6) begin(writer, Standard.COPY_FIELD, 24);
  else beginNicira(writer, Nicira.REG_MOVE, 24);
  writer.u16(source.bits, "move");
  writer.u16(source.start, "move.source");
  writer.u16(destination.start, "move.destination");
  if (version === 6) writer.at += 2;
  putFieldHeader(writer, source, version === 6 ? source.field.oxm[6] : source.field.nxm);
  putFieldHeader(writer, destination, version === 6 ? destination.field.oxm[6] : destination.field.nxm);
  end(writer, start);
}

export function putSetTunnel(writer: Writer, action: Of<"set-tunnel">, version: Version): void {
  putWhole(writer, TUN_ID, action.id, version);
}

const TUN_ID = fieldNamed("tun_id");
