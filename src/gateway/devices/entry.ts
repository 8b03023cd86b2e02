// SPDX-License-Identifier: Apache-2.0
// What the table keeps of one device. Lean: an access point with 250 of them has little memory, so what is rare is in `trouble`.
import type { Millis } from "quickjs-ts";
import type { Device, Ip, Mac } from "../../wifi-isolation/network.ts";

/** In `Entry.ends`: the device itself claimed the address. */
export const LEARNT = -1;

/** A second place of a MAC, not believed yet. */
export interface Claim {
  port: string;
  since: Millis;
  /** The radio said so (else a frame came from there). Takes effect at `until` when it still stands; frames never take effect by time alone. */
  byRadio: boolean;
  until: Millis;
  /** The identity that was proved there. */
  key?: string;
  /** How often the old place was asked since `since`, and when it may be again. */
  asked?: number;
  askAt?: Millis;
}

/** A frame at a port whose radio tells of its stations, under the MAC of one that is associated elsewhere; the radio has not told of it there. */
export interface Sighting { port: string; since: Millis; last: Millis; told: boolean }

export interface Trouble {
  claim?: Claim;
  /** At most one per port. Nothing ends one but the radio's word of that port, or silence after it was told. */
  sightings?: Sighting[];
  /** Frames from the device's own port are refused. `until`: end of the hold-down. */
  blocked?: { reason: string; until: Millis };
  /** Port where somebody with another key is associated under this MAC. */
  foreign?: string;
}

/** The backend's word: keep it out. Stands until it is taken back; `until`: when to ask again. */
export interface Bar { reason: string; until: Millis }

/** Invariant: an address belongs to at most one entry. */
export interface Entry {
  id: number;
  mac: Mac;
  port: string;
  key: string | undefined;
  name: string | undefined;
  /** The radio says that it is associated at `port` now. */
  associated: boolean;
  joined: Millis;
  /** Last sign of life from its place: a frame that came up, or a counter that had grown. */
  seen: Millis;
  /** Packets from its place as the switch counted them, and when it was asked; -1: not yet. */
  packets: number;
  counted: Millis;
  /** Least recently claimed or leased first. Shared with the `Device`s told: replaced, never changed. */
  addresses: readonly Ip[];
  /** For each address: the end of its lease (Infinity: none), or LEARNT. */
  ends: readonly Millis[];
  trouble: Trouble | undefined;
  barred: Bar | undefined;
}

export function troubleOf(entry: Entry): Trouble {
  return (entry.trouble ??= {});
}

/** What the compiler is told. */
export function deviceOf({ id, mac, port, addresses, name, trouble, barred }: Entry): Device {
  const device: Device = { id, mac, port, addresses: addresses as Ip[] };
  if (name !== undefined) device.name = name;
  if (trouble?.blocked || barred) device.blocked = true;
  return device;
}

export function isLeased({ addresses, ends }: Entry, address: Ip): boolean {
  return ends[addresses.indexOf(address)]! !== LEARNT;
}
