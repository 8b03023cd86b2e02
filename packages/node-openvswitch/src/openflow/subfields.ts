// SPDX-License-Identifier: Apache-2.0
import { EncodeError } from "./errors.ts";
import { type Field, type FieldHeader, fieldNamed, readHeader } from "./fields.ts";
import type { Reader } from "./reader.ts";
import type { Subfield } from "./types.ts";
import type { Writer } from "./writer.ts";

/** A part of a field with everything filled in. */
export interface Part {
  field: Field;
  start: number;
  bits: number;
  /** Bytes of the field on the wire. */
  size: number;
}

/** Refuses parts outside the field. `role` names the subfield in errors. */
export function partOf(subfield: Subfield, role: string): Part {
  const field = fieldNamed(subfield.field);
  const size = subfield.size ?? field.bytes;
  const width = field.variable ? size * 8 : field.bits;
  const start = subfield.start ?? 0;
  const bits = subfield.bits ?? width - start;
  if (!(start >= 0 && bits >= 1 && start + bits <= Math.max(width, field.name === "vlan_vid" ? 13 : 0))) throw new EncodeError(role, `bits ${start} to ${start + bits - 1} are outside ${field.name} (${width} bits)`);
  return { field, start, bits, size };
}

/** The subfield as short as possible: whole fields without `start` and `bits`. */
export function subfieldOf(field: Field, start: number, bits: number, size = field.bytes): Subfield {
  const subfield: Subfield = { field: field.name };
  if (start !== 0 || bits !== (field.variable ? size * 8 : field.bits)) Object.assign(subfield, { start, bits });
  if (size !== field.bytes) subfield.size = size;
  return subfield;
}

/** Writes a field's header; where `room` is fixed the caller accounts for 4 more bytes of an experimenter. */
export function putFieldHeader(writer: Writer, part: { field: Field; size: number }, header: FieldHeader): void {
  writer.need(8);
  const length = header.experimenter === 0 ? part.size : part.size + 4;
  writer.view.setUint32(writer.at, header.base + length);
  writer.at += 4;
  if (header.experimenter !== 0) writer.u32(header.experimenter, "experimenter");
}

/** A header that names a field in an action. Undefined: a field that we do not know. */
export function readFieldHeader(reader: Reader): { field: Field; size: number } | undefined {
  const start = reader.at;
  const { field, length, masked } = readHeader(reader);
  if (field === undefined) return undefined;
  if (masked || (field.variable ? length === 0 || length > field.bytes : length !== field.bytes)) reader.fail(`header of ${field.name} has ${masked ? "a mask" : `length ${length}`}`, start);
  return { field, size: length };
}

/** The 16-bit "ofs_nbits" of Nicira's actions: start << 6 | bits - 1. */
export function putOffsetBits(writer: Writer, part: Part): void {
  if (part.bits > 64) throw new EncodeError(part.field.name, `${part.bits} bits, this action takes at most 64`);
  writer.u16((part.start << 6) | (part.bits - 1), part.field.name);
}

/** Checks a part read from the wire against its field. */
export function checkPart(reader: Reader, at: number, field: Field, start: number, bits: number, size: number): Subfield {
  if (bits < 1 || start + bits > (field.variable ? size * 8 : field.name === "vlan_vid" ? 13 : field.bits)) reader.fail(`bits ${start} to ${start + bits - 1} are outside ${field.name}`, at);
  return subfieldOf(field, start, bits, size);
}
