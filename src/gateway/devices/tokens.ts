// SPDX-License-Identifier: Apache-2.0
import type { Millis } from "quickjs-ts";

/** Token buckets by name: `burst` at once, then one per `interval`. A bucket that is full again is not kept. */
export class TokenBuckets<K> {
  /** When the bucket would be full again: the whole state of a bucket. */
  readonly #fullAt = new Map<K, Millis>();
  readonly #burst: number;
  readonly #interval: Millis;

  constructor(burst: number, interval: Millis) {
    this.#burst = burst;
    this.#interval = interval;
  }

  /** Takes one token; false when there is none. */
  take(key: K, now: Millis): boolean {
    const fullAt = Math.max(this.#fullAt.get(key) ?? now, now) + this.#interval;
    if (fullAt - now > this.#burst * this.#interval) return false;
    this.#fullAt.set(key, fullAt);
    return true;
  }

  /** Forgets full buckets. */
  sweep(now: Millis): void {
    for (const [key, fullAt] of this.#fullAt) if (fullAt <= now) this.#fullAt.delete(key);
  }
}
