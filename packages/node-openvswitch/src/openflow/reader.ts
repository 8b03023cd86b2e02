// SPDX-License-Identifier: Apache-2.0
import { DecodeError } from "./errors.ts";

/** Reads one structure within [at, end) of a message, big-endian. Reading past `end` is a DecodeError with the offset in the whole message. */
export class Reader {
  // Plain members: one reader or more for every message, and private ones (#) cost QuickJS twice as much.
  constructor(readonly bytes: Uint8Array, readonly view: DataView, public at: number, readonly end: number, private readonly name: string, private readonly parent?: Reader) {}

  static of(bytes: Uint8Array, name: string): Reader {
    return new Reader(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length, name);
  }

  get what(): string {
    return this.parent ? `${this.parent.what}: ${this.name}` : this.name;
  }

  get left(): number {
    return this.end - this.at;
  }

  fail(detail: string, at = this.at): never {
    throw new DecodeError(this.what, at, detail);
  }

  need(size: number): void {
    if (this.at + size > this.end) this.fail(`needs ${size} bytes, ${this.end - this.at} are left`);
  }

  u8(): number {
    this.need(1);
    return this.bytes[this.at++]!;
  }

  u16(): number {
    this.need(2);
    const value = this.view.getUint16(this.at);
    this.at += 2;
    return value;
  }

  u32(): number {
    this.need(4);
    const value = this.view.getUint32(this.at);
    this.at += 4;
    return value;
  }

  u64(): bigint {
    this.need(8);
    const value = this.view.getBigUint64(this.at);
    this.at += 8;
    return value;
  }

  skip(size: number): void {
    this.need(size);
    this.at += size;
  }

  /** A copy, so that what is kept does not hold the whole message. */
  raw(size: number): Uint8Array {
    this.need(size);
    const value = this.bytes.slice(this.at, this.at + size);
    this.at += size;
    return value;
  }

  rest(): Uint8Array {
    return this.raw(this.left);
  }

  /** Text of `size` bytes up to the first zero, one character per byte (Latin-1). */
  text(size: number): string {
    this.need(size);
    let value = "";
    for (let i = 0; i < size; i++) {
      const code = this.bytes[this.at + i]!;
      if (code === 0) break;
      value += String.fromCharCode(code);
    }
    this.at += size;
    return value;
  }

  /** The next `size` bytes as a structure of their own. */
  sub(size: number, name: string): Reader {
    if (size < 0 || this.at + size > this.end) this.fail(`${name} needs ${size} bytes, ${this.left} are left`);
    const part = new Reader(this.bytes, this.view, this.at, this.at + size, name, this);
    this.at += size;
    return part;
  }

  /** Skips the padding to a multiple of 8 from `start`; the last one of a list may be missing. */
  pad8(start: number): void {
    this.at = Math.min(this.end, this.at + ((8 - ((this.at - start) & 7)) & 7));
  }

  /** All must have been read. */
  done(): void {
    if (this.at !== this.end) this.fail(`${this.left} bytes too many`);
  }
}
