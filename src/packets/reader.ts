// SPDX-License-Identifier: Apache-2.0
import { DecodeError } from "./error.ts";

/** Reads one layer in network order. Reading past its end throws DecodeError; nothing is copied. */
export class Reader {
  offset = 0;
  constructor(readonly bytes: Uint8Array, readonly layer: string) {}

  get left(): number {
    return this.bytes.length - this.offset;
  }

  /** Checks that `size` more bytes are there, before a field-by-field read. */
  need(size: number): void {
    if (this.left < size) this.fail(`${size} bytes wanted, ${this.left} left`, this.bytes.length);
  }

  u8(): number {
    this.need(1);
    return this.bytes[this.offset++]!;
  }

  u16(): number {
    this.need(2);
    const { bytes, offset } = this;
    this.offset += 2;
    return (bytes[offset]! << 8) | bytes[offset + 1]!;
  }

  u32(): number {
    this.need(4);
    const { bytes, offset } = this;
    this.offset += 4;
    return ((bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!) >>> 0;
  }

  /** A view, not a copy. */
  take(size: number): Uint8Array {
    this.need(size);
    this.offset += size;
    return this.bytes.subarray(this.offset - size, this.offset);
  }

  rest(): Uint8Array {
    return this.take(this.left);
  }

  /** Throws; `offset` defaults to the byte just read up to. */
  fail(problem: string, offset = this.offset): never {
    throw new DecodeError(this.layer, offset, problem);
  }
}
