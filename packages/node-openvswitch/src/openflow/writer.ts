// SPDX-License-Identifier: Apache-2.0
import { EncodeError } from "./errors.ts";

/**
 * One growing buffer, big-endian. Invariant: every byte at or after `at` is zero, so padding is a mere step forward;
 * `rewind` restores it. Callers `need` the room for a whole structure once; the put methods do not check again.
 */
export class Writer {
  bytes: Uint8Array;
  view: DataView;
  at = 0;

  constructor(size = 2048) {
    this.bytes = new Uint8Array(size);
    this.view = new DataView(this.bytes.buffer);
  }

  /** Makes room for `size` more bytes. */
  need(size: number): void {
    if (this.at + size <= this.bytes.length) return;
    const bytes = new Uint8Array(Math.max(this.bytes.length * 2, this.at + size));
    bytes.set(this.bytes.subarray(0, this.at));
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }

  u8(value: number, field: string): void {
    if ((value & 0xff) !== value) throw outOfRange(field, value, "0 to 255");
    this.bytes[this.at++] = value;
  }

  u16(value: number, field: string): void {
    if ((value & 0xffff) !== value) throw outOfRange(field, value, "0 to 65535");
    this.view.setUint16(this.at, value);
    this.at += 2;
  }

  u32(value: number, field: string): void {
    if (value >>> 0 !== value) throw outOfRange(field, value, "0 to 4294967295");
    this.view.setUint32(this.at, value);
    this.at += 4;
  }

  u64(value: bigint, field: string): void {
    if (typeof value !== "bigint" || value < 0n || value > MAX_U64) throw outOfRange(field, value, "a bigint of 64 bits");
    this.view.setBigUint64(this.at, value);
    this.at += 8;
  }

  /** Copies bytes of any length; makes the room itself. */
  raw(data: Uint8Array): void {
    this.need(data.length + 8);
    this.bytes.set(data, this.at);
    this.at += data.length;
  }

  /** Text in `size` bytes, zero-padded, one byte per character (Latin-1). */
  text(value: string, size: number, field: string): void {
    this.need(size);
    if (value.length > size) throw new EncodeError(field, `longer than ${size} bytes`);
    for (let i = 0; i < value.length; i++) this.bytes[this.at + i] = latin1(value.charCodeAt(i), field);
    this.at += size;
  }

  zero(size: number): void {
    this.need(size);
    this.at += size;
  }

  /** Pads to a multiple of 8 from `start`. */
  pad8(start: number): void {
    this.zero((8 - ((this.at - start) & 7)) & 7);
  }

  /** Writes the number of bytes since `start` as the length at `where`. */
  length16(where: number, start: number, field: string): void {
    const size = this.at - start;
    if (size > 0xffff) throw new EncodeError(field, `takes ${size} bytes, at most 65535 fit`);
    this.view.setUint16(where, size);
  }

  /** Drops what was written after `to`. */
  rewind(to: number): void {
    this.bytes.fill(0, to, this.at);
    this.at = to;
  }

  /** What was written since `start`, as a copy of its own. */
  take(start = 0): Uint8Array {
    return this.bytes.slice(start, this.at);
  }
}

const MAX_U64 = 0xffffffffffffffffn;

function latin1(code: number, field: string): number {
  if (code > 0xff) throw new EncodeError(field, "has a character outside Latin-1");
  return code;
}

function outOfRange(field: string, value: unknown, range: string): EncodeError {
  return new EncodeError(field, `${value === undefined ? "missing" : String(value)}, expected ${range}`);
}
