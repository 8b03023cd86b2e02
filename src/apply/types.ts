// SPDX-License-Identifier: Apache-2.0
/*
 * Words of this room. A *part* of the access point (UCI, OVSDB, flows) holds *values* under *keys*. A *transaction* wants values; a *marker* on
 * flash keeps what is needed to undo it. It is *applied* part by part, *probed*, and *confirmed*, or else *rolled back*.
 */

/** Anything JSON can hold. null: there is nothing under this key. */
export type Value = null | boolean | number | string | readonly Value[] | { readonly [name: string]: Value };
/** Key -> value. What a key means is the part's affair ("wireless.default_radio0.isolate"). */
export type Items = Readonly<Record<string, Value>>;
/** Part -> its items. The order of the parts is the order of applying; undoing runs backwards. */
export type State = Readonly<Record<string, Items>>;

/** One thing that a transaction changes: the thin end towards ubus, OVSDB or the switch. All reject with an Error that says what was refused. */
export interface Part {
  /** What it has loses its content with the power or the process (flows): put again at every start. */
  readonly volatile?: boolean;
  /** The values of these keys now. Left out: keys for which there is no place, as somebody removed what they belong to; nobody waits for their old values. */
  read(keys: readonly string[]): Promise<Items>;
  /** Puts values. Again the same ones: nothing changes. After a power cut each key has its old or its new value, and what was not put is as it was. */
  put(items: Items): Promise<void>;
  /** Resolves when what was put outlives a power cut. */
  sync(): Promise<void>;
}
export type Parts = Readonly<Record<string, Part>>;

/** What must work after a change if it worked before: the way to the backend, a management station's way to the device, DHCP for stations. */
export const SIGNS = ["backend", "management", "dhcp"] as const;
export type Sign = (typeof SIGNS)[number];
/** true: seen to work; false: seen not to; absent: nothing to judge by. */
export type Signs = Partial<Record<Sign, boolean>>;
export interface Probe {
  look(): Promise<Signs>;
}

export interface Transaction {
  /** Names what is wanted, best by its digest: a transaction that failed repeatedly is not tried again under the same id. At most 128 characters. */
  id: string;
  wanted: State;
  /** ISO 8601, for the history. */
  at?: string;
}

export type Outcome =
  /** In force, and it is what a start comes back to. `unchanged`: it was in force already, nothing was written. */
  | { result: "confirmed"; unchanged?: boolean }
  /** All is as it was before. */
  | { result: "rolled back"; reason: string }
  /** Nothing was changed. */
  | { result: "refused"; reason: string };

export type Fields = Record<string, string | number | boolean | undefined>;
/** Where it is told what happens; the gateway's log fits. */
export interface ApplyLog {
  debug(event: string, fields?: Fields): void;
  info(event: string, fields?: Fields): void;
  warn(event: string, fields?: Fields): void;
  error(event: string, fields?: Fields): void;
}
