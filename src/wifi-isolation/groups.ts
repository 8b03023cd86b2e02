// SPDX-License-Identifier: Apache-2.0
// Bits for groups and for sets of names. A bit is a function of the policy alone and nearly always of the name alone: the name's hash chooses it, and
// only names whose hashes collide move one another. So a group added to the policy renumbers no device.
import { hash32 } from "./cookie.ts";

export const BIT = { internet: 0, gateway: 1, all: 2, unknown: 3 } as const;
const FIRST_FREE = 4;
const SIZE = 128;

/** More groups (or sets of names) than a register has bits. */
export class CapacityError extends Error {
  override readonly name = "CapacityError";
}

/** A bit from `first` to 127 for each name. Throws CapacityError. */
export function allocateBits(names: Iterable<string>, what: string, first = FIRST_FREE): Map<string, number> {
  const room = SIZE - first;
  const wishes = [...new Set(names)].map((name) => ({ name, hash: hash32(name) }));
  if (wishes.length > room) throw new CapacityError(`${wishes.length} ${what}, at most ${room}`);
  wishes.sort((a, b) => a.hash - b.hash || (a.name < b.name ? -1 : 1));
  const bits = new Map<string, number>();
  const taken = new Set<number>();
  for (const { name, hash } of wishes) {
    let slot = hash % room;
    while (taken.has(slot)) slot = (slot + 1) % room;
    taken.add(slot);
    bits.set(name, first + slot);
  }
  return bits;
}
