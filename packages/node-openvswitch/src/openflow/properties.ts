// SPDX-License-Identifier: Apache-2.0
// Properties (OpenFlow 1.4 §7.2.x): type and length of 16 bits, body, zeros up to 8 bytes that the length does not count.
import type { Reader } from "./reader.ts";
import type { Writer } from "./writer.ts";

/** A property that has no shape of its own here. */
export interface Property {
  type: number;
  data: Uint8Array;
}

export function putProperty(writer: Writer, type: number, body: () => void): void {
  const start = writer.at;
  writer.need(24);
  writer.u16(type, "property.type");
  writer.at += 2;
  body();
  writer.length16(start + 2, start, "property");
  writer.pad8(start);
}

/** A number; Open vSwitch counts the zeros after one of 16 bits into the length, but not those after one of 8. */
export function putNumberProperty(writer: Writer, type: number, size: 1 | 2 | 4, value: number, field: string): void {
  const start = writer.at;
  writer.need(8);
  writer.u16(type, "property.type");
  writer.u16(size === 1 ? 5 : 8, "property.length");
  if (size === 1) writer.u8(value, field);
  else if (size === 2) writer.u16(value, field);
  else writer.u32(value, field);
  writer.at = start + 8;
}

export function putRawProperty(writer: Writer, { type, data }: Property): void {
  putProperty(writer, type, () => writer.raw(data));
}

/** Calls `each` with every property's type and body up to the reader's end; what `each` leaves unread is an error for known sizes only. */
export function readProperties(reader: Reader, name: string, each: (type: number, body: Reader) => void): void {
  while (reader.left > 0) {
    const start = reader.at;
    const type = reader.u16();
    const length = reader.u16();
    if (length < 4) reader.fail(`${name} ${type} has length ${length}, at least 4 expected`, start + 2);
    each(type, reader.sub(length - 4, `${name} ${type}`));
    reader.pad8(start);
  }
}
