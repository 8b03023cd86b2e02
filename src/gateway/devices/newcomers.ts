// SPDX-License-Identifier: Apache-2.0
/*
 * MAC addresses never seen before, about which the backend is asked while their first packet is held. Nobody waits for it longer than `patience`, and
 * known devices never do:
 *
 *   unknown --asked--> open --"allow", or no answer in time--> joined (under the policy)
 *      |                 +----"deny"------------------------> joined, barred until its lifetime ends; then asked again, and barred until somebody answers
 *      +--nobody to ask--> joined; asked about once, later, when somebody is there
 *
 * A late answer counts like one in time. Bounded: per port by the same bucket as joins, the rest by whoever carries the questions.
 */
import type { Millis, Timers } from "quickjs-ts";
import type { Told } from "../../backend-link/types.ts";
import type { Mac } from "../../wifi-isolation/network.ts";
import type { DeviceOutcome } from "./outcome.ts";
import type { DeviceTable } from "./table.ts";
import { TokenBuckets } from "./tokens.ts";

export interface NewcomersParts {
  table: DeviceTable;
  timers: Pick<Timers, "after">;
  now(): Millis;
  /** False: nobody is to be asked (standalone, or switched off). */
  enabled(): boolean;
  /** False: not now. `answer` is called at most once, maybe never. */
  ask(mac: Mac, port: string, key: string | undefined, answer: (told: Told) => void): boolean;
  apply(outcomes: readonly DeviceOutcome[]): void;
  /** Held frames of this station may be looked at again. */
  told(mac: Mac): void;
  patience: Millis;
}

/** `radio`: the association that waits with it. */
interface Open { port: string; radio?: { key: string | undefined } }

/** Between two questions about a device that is barred already, or that joined without an answer. */
const AGAIN: Millis = 60_000;
/** An answer is believed for at least this long, so that a lifetime of 0 does not ask in a circle. */
const LEAST_LIFETIME: Millis = 1000;
/** Devices that joined unasked and are asked about later; at most so many in a tick. */
const MAX_UNASKED = 256;
const PER_TICK = 4;

export class Newcomers {
  readonly #parts: NewcomersParts;
  readonly #open = new Map<Mac, Open>();
  readonly #unasked = new Map<Mac, Millis>();
  readonly #asked: TokenBuckets<string>;

  constructor(parts: NewcomersParts) {
    this.#parts = parts;
    const { joinBurst, joinInterval } = parts.table.limits;
    this.#asked = new TokenBuckets(joinBurst, joinInterval);
  }

  /** Questions whose first packet or association waits. */
  get open(): number { return this.#open.size; }

  /** A frame of a station at a port that no radio tells of. undefined: not our business, the table decides. */
  frame(port: string, mac: Mac): "wait" | "drop" | undefined {
    if (this.#open.has(mac)) return "wait";
    if (!this.#isNew(mac) || !this.#parts.table.joinsByFrame(port, mac)) return undefined;
    if (!this.#asked.take(port, this.#parts.now())) return "drop";
    return this.#ask(mac, { port }) ? "wait" : undefined;
  }

  /** The radio says that a station associated. True: the table is told later, with the answer. */
  associated(port: string, mac: Mac, key: string | undefined): boolean {
    const open = this.#open.get(mac);
    if (open) Object.assign(open, { port, radio: { key } });
    if (open || !this.#isNew(mac) || !this.#parts.table.mayJoin(mac)) return open !== undefined;
    return this.#ask(mac, { port, radio: { key } });
  }

  /** The radio lost the station, or its list of stations does not name it. */
  disassociated(port: string, gone: (mac: Mac) => boolean): void {
    for (const [mac, open] of this.#open) if (open.radio && open.port === port && gone(mac)) this.#open.delete(mac);
  }

  /** The source of station events is gone; what it said last may be stale. */
  stationsLost(): void {
    for (const [mac, open] of this.#open) if (open.radio) this.#open.delete(mac);
  }

  /** About once a second. */
  tick(): void {
    const now = this.#parts.now();
    this.#asked.sweep(now);
    for (const mac of this.#parts.table.barredUntil(now)) this.#againBarred(mac, now);
    if (!this.#parts.enabled()) return this.#unasked.clear();
    let left = PER_TICK;
    for (const [mac, due] of this.#unasked) {
      if (due > now) continue;
      if (left-- === 0) return;
      const port = this.#parts.table.byMac(mac)?.port;
      if (port === undefined || this.#question(mac, port, undefined)) this.#unasked.delete(mac);
    }
  }

  /** Nobody answers for these any more (the gateway left its backend): whoever was barred joins under the policy. */
  release(): void {
    const { table, apply, now } = this.#parts;
    apply(table.barredUntil(Infinity).map((mac) => table.unbar(mac, now())));
  }

  #isNew(mac: Mac): boolean {
    return this.#parts.enabled() && this.#parts.table.byMac(mac) === undefined;
  }

  #ask(mac: Mac, open: Open): boolean {
    this.#open.set(mac, open);
    if (!this.#question(mac, open.port, open.radio?.key)) {
      this.#open.delete(mac);
      this.#remember(mac, this.#parts.now());
      return false;
    }
    this.#parts.timers.after(this.#parts.patience, () => {
      if (this.#open.get(mac) !== open) return;
      this.#remember(mac, this.#parts.now() + AGAIN);
      this.#settle(mac, undefined);
    });
    return true;
  }

  #question(mac: Mac, port: string, key: string | undefined): boolean {
    return this.#parts.ask(mac, port, key, (told) => {
      if (this.#parts.enabled()) this.#settle(mac, told);
    });
  }

  /** Its place and what was said about it belong in one change: a barred device is never in force unbarred. */
  #settle(mac: Mac, told: Told | undefined): void {
    const { table, apply } = this.#parts;
    const now = this.#parts.now();
    const open = this.#open.get(mac);
    this.#open.delete(mac);
    if (told) this.#unasked.delete(mac);
    const joined = !open ? [] : [open.radio ? table.associated(open.port, mac, open.radio.key, now) : table.frame(open.port, mac, now)];
    apply([...joined, ...this.#verdict(mac, told, now)]);
    if (open) this.#parts.told(mac);
  }

  #verdict(mac: Mac, told: Told | undefined, now: Millis): DeviceOutcome[] {
    const { table } = this.#parts;
    if (!told) return [];
    if (told.verdict === "allow") return [table.unbar(mac, now)];
    const reason = `denied by the backend${told.reason ? `: ${told.reason.slice(0, 200)}` : ""}`;
    return [table.bar(mac, reason, now + Math.max(LEAST_LIFETIME, told.lifetime), now)];
  }

  /** Nobody to answer: still barred, for its last word was no. */
  #againBarred(mac: Mac, now: Millis): void {
    const { table, apply } = this.#parts;
    if (!this.#parts.enabled()) return apply([table.unbar(mac, now)]);
    table.postpone(mac, now + AGAIN);
    this.#question(mac, table.byMac(mac)!.port, undefined);
  }

  #remember(mac: Mac, due: Millis): void {
    if (this.#unasked.size < MAX_UNASKED) this.#unasked.set(mac, due);
  }
}
