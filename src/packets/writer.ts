// SPDX-License-Identifier: Apache-2.0
import { EncodeError } from "./error.ts";

/** Writes one layer in network order into a buffer that grows. A number that does not fit throws EncodeError. */
export class Writer {
  #bytes: Uint8Array;
  length = 0;
  constructor(readonly layer: string, capacity = 64) {
    this.#bytes = new Uint8Array(capacity);
  }

  #room(size: number): number {
    const start = this.length;
    this.length += size;
    if (this.length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.length, this.#bytes.length * 2));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    return start;
  }

  #check(value: number, limit: number): void {
    if (!(Number.isInteger(value) && value >= 0 && value <= limit)) throw new EncodeError(this.layer, `byte ${this.length}`, `${value} is not in 0..${limit}`);
  }

  u8(value: number): this {
    this.#check(value, 0xff);
    const at = this.#room(1);
    this.#bytes[at] = value;
    return this;
  }

  u16(value: number): this {
    this.#check(value, 0xffff);
    const at = this.#room(2);
    this.#bytes[at] = value >> 8;
    this.#bytes[at + 1] = value;
    return this;
  }

  u32(value: number): this {
    this.#check(value, 0xffffffff);
    const at = this.#room(4);
    this.#bytes[at] = value >>> 24;
    this.#bytes[at + 1] = value >>> 16;
    this.#bytes[at + 2] = value >>> 8;
    this.#bytes[at + 3] = value;
    return this;
  }

  put(bytes: ArrayLike<number>): this {
    const at = this.#room(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  zeros(size: number): this {
    this.#room(size);
    return this;
  }

  /** Overwrites two bytes written before (lengths, checksums). */
  patch16(at: number, value: number): this {
    this.#check(value, 0xffff);
    this.#bytes[at] = value >> 8;
    this.#bytes[at + 1] = value;
    return this;
  }

  /** What was written, as a view; the writer is not used any more. */
  done(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }
}
