// SPDX-License-Identifier: Apache-2.0
/*
 * What time it is, on a machine whose wall clock is not believed: it boots in 1970, at its build date, or anywhere.
 *
 * The floor is the latest instant that a valid signature proved; it is kept on flash, and begins at the build date. The present is learnt from a signed
 * `time` that repeats a nonce of ours, and counted on by the monotonic clock. Until then there is only "not before the floor".
 */
import type { Instant } from "@securebox/contract";
import type { Millis } from "quickjs-ts";

/** 2026-01-01: no build of this program is older, so no certificate or document that had ended by then is good. */
export const BUILD_DATE: Instant = 1_767_225_600_000;
/** The answer to a nonce counts only when it comes within this time; half of it at most is the error of the clock. */
export const MAX_ROUND_TRIP: Millis = 20_000;
/** Between two writes of the floor. */
const SAVE_INTERVAL: Millis = 3_600_000;

export class LinkClock {
  #floor: Instant;
  #startedAt: Millis;
  /** Trusted time minus monotonic time. */
  #offset: number | undefined;
  #savedAt = -Infinity;
  #savedFloor: Instant;

  constructor(floor: Instant, now: Millis) {
    this.#savedFloor = floor;
    this.#floor = Math.max(floor, BUILD_DATE);
    this.#startedAt = now;
  }

  get trusted(): boolean { return this.#offset !== undefined; }
  get floor(): Instant { return this.#floor; }

  /** The present by a trusted clock; undefined while there is none. */
  date(now: Millis): Instant | undefined {
    return this.#offset === undefined ? undefined : Math.round(now + this.#offset);
  }

  /** It is not earlier than this. */
  notBefore(now: Millis): Instant {
    return this.date(now) ?? Math.round(this.#floor + (now - this.#startedAt));
  }

  /** For checking certificates. */
  validAt(now: Millis): { now: Instant } | { notBefore: Instant } {
    const date = this.date(now);
    return date === undefined ? { notBefore: this.notBefore(now) } : { now: date };
  }

  /**
   * `time` was signed in answer to the nonce that we sent at `sent`, and came at `now`. False: it took too long to say much about the present.
   * Only the signer, asked just now, may also put the floor back: a backend whose own clock was years ahead for a while must not lock us out for years.
   */
  learn(time: Instant, sent: Millis, now: Millis): boolean {
    if (now - sent > MAX_ROUND_TRIP) return false;
    this.#offset = time + (now - sent) / 2 - now;
    this.#floor = Math.max(time, BUILD_DATE);
    this.#startedAt = now;
    return true;
  }

  /** A valid signature says that it was made at `issued`. Does not move a trusted clock. */
  proved(issued: Instant, now: Millis): void {
    if (issued <= this.notBefore(now)) return;
    this.#floor = issued;
    this.#startedAt = now;
  }

  /** The recovery key signed at `issued`, and what was learnt of the time before may have been a thief's word: it is to be learnt anew. */
  restart(issued: Instant, now: Millis): void {
    this.#offset = undefined;
    this.#floor = Math.max(issued, BUILD_DATE);
    this.#startedAt = now;
  }

  /** The floor to write to flash now; undefined: the last one is recent enough, or nothing new is proven. `clean`: whatever is new. */
  toSave(now: Millis, clean = false): Instant | undefined {
    if (!clean && now - this.#savedAt < SAVE_INTERVAL) return undefined;
    const floor = this.#provenBy(now);
    if (floor === this.#savedFloor || (floor > this.#savedFloor && floor - this.#savedFloor < 60_000)) return undefined;
    return floor;
  }

  saved(floor: Instant, now: Millis): void {
    this.#savedAt = now;
    this.#savedFloor = floor;
  }

  /** Flash refused: tried again when the next write is allowed. */
  notSaved(now: Millis): void { this.#savedAt = now; }

  /** A trusted clock runs on by the monotonic one, which does not run ahead. */
  #provenBy(now: Millis): Instant {
    return this.date(now) ?? this.#floor;
  }
}
