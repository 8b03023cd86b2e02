// SPDX-License-Identifier: Apache-2.0
// Ways to break a message, and what decoding must do about it.
import { decode, DecodeError, encode, EncodeError } from "../../src/openflow/index.ts";
import type { Version } from "../../src/openflow/index.ts";
import { toHex } from "./vectors.ts";

/** Decodes broken bytes: undefined when that gave a typed error with an offset within the message, or a message that can be used. */
export function complaint(bytes: Uint8Array): string | undefined {
  try {
    const { version, xid, message } = decode(bytes);
    if (version >= 4 && version <= 6) encode(message, { version: version as Version, xid });
    return undefined;
  } catch (error) {
    if (error instanceof EncodeError) return undefined;
    if (error instanceof DecodeError && error.offset >= 0 && error.offset <= bytes.length && error.message.includes(` at byte ${error.offset}: `)) return undefined;
    return `${String(error)} for ${toHex(bytes.subarray(0, 200))}`;
  }
}

/** The first `size` bytes, with the length in the header set to it or left as it was. */
export function truncated(message: Uint8Array, size: number, patch: boolean): Uint8Array {
  const bytes = message.slice(0, size);
  if (patch && size >= 4) new DataView(bytes.buffer).setUint16(2, size);
  return bytes;
}

export function flipped(message: Uint8Array, bit: number): Uint8Array {
  const bytes = message.slice();
  bytes[bit >> 3]! ^= 1 << (bit & 7);
  return bytes;
}

/** `value` as 16 bits at `at`. */
export function withLength(message: Uint8Array, at: number, value: number): Uint8Array {
  const bytes = message.slice();
  new DataView(bytes.buffer).setUint16(at, value);
  return bytes;
}

/** The same numbers in every run (a linear congruential generator). */
export function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 0x100000000) * below);
  };
}

export const HOSTILE_LENGTHS = [0, 1, 3, 4, 7, 8, 9, 16, 0x7fff, 0xfff8, 0xffff];

/** Complaints about every truncation, many bit flips and hostile lengths at every even place. */
export function attack(message: Uint8Array, flips: number, random: (below: number) => number): string[] {
  const found = new Set<string>();
  const tryIt = (bytes: Uint8Array) => {
    const about = complaint(bytes);
    if (about !== undefined) found.add(about);
  };
  for (let size = 0; size < message.length; size++) {
    tryIt(truncated(message, size, false));
    tryIt(truncated(message, size, true));
  }
  const bits = message.length * 8;
  if (bits <= flips) for (let bit = 0; bit < bits; bit++) tryIt(flipped(message, bit));
  else for (let i = 0; i < flips; i++) tryIt(flipped(message, random(bits)));
  for (let at = 8; at + 2 <= message.length && at < 512; at += 2) for (const length of HOSTILE_LENGTHS) tryIt(withLength(message, at, length));
  return [...found];
}
