// SPDX-License-Identifier: Apache-2.0
/*
 * Blob attributes (libubox, blob.h): a 32-bit big-endian word - bit 31 "extended", 7 bits id, 24 bits length with these 4 bytes - then the payload,
 * padded with zeros to 4 bytes. The padding counts for whoever contains the attribute, not for the attribute itself.
 */
import { DecodeError, OversizedError } from "./errors.ts";

/** UBUS_MAX_MSGLEN of OpenWrt's build: a message's body. */
export const MAX_BODY = 1 << 20;

export const align = (length: number): number => (length + 3) & ~3;

export function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

export function u32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

/** Calls `visit` with each attribute of `bytes` from `start` to `end`: its id, whether it is extended, where its payload begins and ends. Throws DecodeError. */
export function eachAttribute(bytes: Uint8Array, start: number, end: number, visit: (id: number, extended: boolean, from: number, to: number) => void): void {
  for (let at = start; at < end; ) {
    if (end - at < 4) throw new DecodeError(`attribute: ${end - at} bytes are left, at least 4 expected`, at);
    const word = u32(bytes, at);
    const length = word & 0xffffff;
    if (length < 4) throw new DecodeError(`attribute: length ${length}, at least 4 expected`, at);
    if (align(length) > end - at) throw new DecodeError(`attribute: length ${length} with padding, but ${end - at} bytes are left`, at);
    visit((word >>> 24) & 0x7f, word >= 0x80000000, at + 4, at + length);
    at += align(length);
  }
}

/** Grows as it is written; what it skips is zero. Throws OversizedError above `limit` bytes. */
export class BlobWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(readonly limit = MAX_BODY, size = 256) {
    this.#bytes = new Uint8Array(size);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  /** What was written. The writer is of no use afterwards. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Room for `size` bytes; returns where it begins. */
  skip(size: number): number {
    const at = this.#length;
    const end = at + size;
    if (end > this.limit) throw new OversizedError(end, this.limit);
    if (end > this.#bytes.length) this.#grow(end);
    this.#length = end;
    return at;
  }

  /** Starts an attribute; `end` with the answer completes it. */
  begin(id: number, extended = false): number {
    const at = this.skip(4);
    this.#bytes[at] = extended ? 0x80 | id : id;
    return at;
  }

  end(begun: number): void {
    const bytes = this.#bytes;
    const length = this.#length - begun;
    bytes[begun + 1] = length >> 16;
    bytes[begun + 2] = length >> 8;
    bytes[begun + 3] = length;
    if (length & 3) this.pad();
  }

  pad(): void {
    this.skip(align(this.#length) - this.#length);
  }

  u8(value: number): void {
    const at = this.skip(1);
    this.#bytes[at] = value;
  }
  u16(value: number): void {
    this.setU16(this.skip(2), value);
  }
  setU16(at: number, value: number): void {
    this.#view.setUint16(at, value);
  }
  u32(value: number): void {
    const at = this.skip(4);
    this.#view.setUint32(at, value);
  }
  u64(value: bigint): void {
    const at = this.skip(8);
    this.#view.setBigUint64(at, BigInt.asUintN(64, value));
  }
  double(value: number): void {
    const at = this.skip(8);
    this.#view.setFloat64(at, value);
  }
  raw(bytes: Uint8Array): void {
    const at = this.skip(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** ASCII without NUL, as it is most of the time; false, with nothing written, for any other text. */
  ascii(text: string): boolean {
    const { length } = text;
    const at = this.skip(length);
    const bytes = this.#bytes;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code === 0 || code > 0x7f) {
        bytes.fill(0, at, at + i);
        this.#length = at;
        return false;
      }
      bytes[at + i] = code;
    }
    return true;
  }

  #grow(size: number): void {
    const bytes = new Uint8Array(Math.max(size, Math.min(2 * this.#bytes.length, align(this.limit))));
    bytes.set(this.#bytes);
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}
