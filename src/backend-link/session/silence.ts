// SPDX-License-Identifier: Apache-2.0
/*
 * Is the peer still there? Asked when there is reason to: a publish without PUBACK, a hint from outside, or 25 s in which nothing came. Those 25 s are what a
 * megabyte of idle traffic a day allows; a cut that nobody told of is noticed within 35 s. MQTT's keep-alive (45 s) is for the broker's side.
 *
 * A publish that is not acknowledged within 2 s, with nothing heard meanwhile, brings a PINGREQ; when nothing at all comes within 3 s of it (4 times the
 * usual round trip, where that is longer, up to 10 s), the connection is dead. A broker's PINGRESP should not wait for the backend's database (the embedded
 * one's does when several messages of ours wait: ARCHITECTURE, "Known limits"), so that a slow PUBACK alone is no death until it is 10 s late with nothing heard for as long, or 60 s late anyhow.
 */
import type { Millis } from "quickjs-ts";

const SUSPICION: Millis = 2000;
const IDLE: Millis = 25_000;
const PROBE_MIN: Millis = 3000;
export const PUBACK_DEADLINE: Millis = 10_000;
const PUBACK_LIMIT: Millis = 60_000;
/** Above the link's own bound of publishes on their way; more are not watched one by one. */
const MAX_WATCHED = 64;

export class Silence {
  /** Packets without PUBACK, oldest first: when they left. */
  readonly #waiting = new Map<number, Millis>();
  #heard: Millis = 0;
  #probed: Millis | undefined;
  /** Smoothed round trip. */
  #roundTrip: Millis = 0;

  /** A new connection; `handshake`: how long it took to be made, some four round trips. */
  reset(now: Millis, handshake: Millis): void {
    this.#waiting.clear();
    this.#heard = now;
    this.#probed = undefined;
    this.#roundTrip = handshake / 4;
  }

  heard(now: Millis): void {
    this.#heard = now;
    this.#probed = undefined;
  }

  published(packet: number, now: Millis): void {
    if (this.#waiting.size < MAX_WATCHED) this.#waiting.set(packet, now);
  }

  acknowledged(packet: number, now: Millis): void {
    const left = this.#waiting.get(packet);
    if (left !== undefined) this.#roundTrip += (now - left - this.#roundTrip) / 8;
    this.#waiting.delete(packet);
    this.heard(now);
  }

  /** Asks for a sign of life; false: asked already. */
  probe(now: Millis): boolean {
    if (this.#probed !== undefined) return false;
    this.#probed = now;
    return true;
  }

  #oldest(): Millis | undefined {
    for (const left of this.#waiting.values()) return left;
    return undefined;
  }

  get #probeDeadline(): Millis {
    return Math.min(PUBACK_DEADLINE, Math.max(PROBE_MIN, 4 * this.#roundTrip));
  }

  deadline(): Millis {
    const oldest = this.#oldest();
    const probe = this.#probed === undefined ? Infinity : this.#probed + this.#probeDeadline;
    if (oldest === undefined) return Math.min(probe, this.#probed === undefined ? this.#heard + IDLE : Infinity);
    const suspicion = this.#probed === undefined ? Math.max(oldest, this.#heard) + SUSPICION : Infinity;
    return Math.min(suspicion, probe, oldest + PUBACK_LIMIT);
  }

  run(now: Millis): "ping" | { dead: string } | undefined {
    if (now < this.deadline()) return undefined;
    if (this.#probed !== undefined && now >= this.#probed + this.#probeDeadline)
      return { dead: `the broker is silent: nothing within ${Math.round(this.#probeDeadline / 100) / 10} s of a ping` };
    const oldest = this.#oldest();
    if (oldest !== undefined && now >= oldest + PUBACK_LIMIT) return { dead: `no PUBACK within ${PUBACK_LIMIT / 1000} s` };
    return this.probe(now) ? "ping" : undefined;
  }
}
