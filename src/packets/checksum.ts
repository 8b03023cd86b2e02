// SPDX-License-Identifier: Apache-2.0
// The Internet checksum (RFC 1071) and the pseudo-headers it covers (RFC 9293 §3.1, RFC 8200 §8.1).

/** One's-complement sum of 16-bit words on top of `sum`, not folded. Up to 64 KiB stay exact. */
export function addWords(bytes: Uint8Array, sum = 0): number {
  const even = bytes.length & ~1;
  for (let i = 0; i < even; i += 2) sum += (bytes[i]! << 8) | bytes[i + 1]!;
  return even === bytes.length ? sum : sum + (bytes[even]! << 8);
}

/** Folds and complements: the value to store; 0 when `sum` included a right checksum. */
export function finish(sum: number): number {
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}

export function checksum(bytes: Uint8Array): number {
  return finish(addWords(bytes));
}

/** Between which packed addresses (4 or 16 bytes each) a segment travels. */
export interface Ends {
  source: Uint8Array;
  destination: Uint8Array;
}

/** Checksum of an upper-layer segment with its pseudo-header; 0 when the segment's own checksum is right. */
export function segmentChecksum(ends: Ends, protocol: number, segment: Uint8Array): number {
  const sum = addWords(ends.source) + addWords(ends.destination) + protocol + (segment.length & 0xffff) + (segment.length >>> 16);
  return finish(addWords(segment, sum));
}
