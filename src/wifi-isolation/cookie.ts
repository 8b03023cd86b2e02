// SPDX-License-Identifier: Apache-2.0
// Cookies: who owns a flow. Upper 32 bits: our tag and the pipeline's version; lower 32: the kind of part (4 bits) and its id or hash.

/** Change the version when the meaning of a table or register changes, so that flows of an older program are replaced as a whole. */
const VERSION = 1;
const TAG = (0x5ecb0000 | VERSION) >>> 0;
const LEARNT = 0x5ecb8000;

export const OWN_TAG = BigInt(TAG) << 32n;
export const LEARNT_TAG = BigInt(LEARNT) << 32n;
export const TAG_MASK = 0xffffffff_00000000n;

export type PartKind = "static" | "device" | "clause" | "pair" | "dns" | "name" | "fanout" | "verdict";
const KINDS: readonly PartKind[] = ["static", "device", "clause", "pair", "dns", "name", "fanout", "verdict"];

export function cookieOf(kind: PartKind, owner: number | string = 0): bigint {
  const low = typeof owner === "number" ? owner : hash32(owner);
  return OWN_TAG | BigInt(((KINDS.indexOf(kind) << 28) | (low & 0x0fffffff)) >>> 0);
}

/** The cookie of flows that a device's questions make the switch learn. */
export function learntCookie(device: number): bigint {
  return LEARNT_TAG | BigInt(device);
}

export function isLearnt(cookie: bigint): boolean {
  return (cookie & TAG_MASK) === LEARNT_TAG;
}

/** The kind of part that owns a flow, and the device's id where it is a device's; undefined for foreign cookies. */
export function ownerOf(cookie: bigint): { kind: PartKind; id: number } | undefined {
  if ((cookie & TAG_MASK) !== OWN_TAG) return undefined;
  const low = Number(cookie & 0xffffffffn);
  const kind = KINDS[low >>> 28];
  return kind && { kind, id: low & 0x0fffffff };
}

/** FNV-1a over the UTF-16 units, finished with a mix so that the low bits are usable. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}
