// SPDX-License-Identifier: Apache-2.0
import type { Millis } from "quickjs-ts";

export interface BackoffOptions {
  /** First wait after a loss, and the longest after doubling. Defaults 100 and 5,000 ms. */
  minimum?: Millis;
  maximum?: Millis;
}

/** How long to wait before the next try. A connection that lived longer than the last wait starts over. */
export class Backoff {
  #wait: Millis = 0;
  #opened: Millis | undefined;
  readonly #minimum: Millis;
  readonly #maximum: Millis;

  constructor({ minimum = 100, maximum = 5000 }: BackoffOptions = {}) {
    this.#minimum = minimum;
    this.#maximum = maximum;
  }

  opened(now: Millis): void {
    this.#opened = now;
  }

  /** A try failed, or a connection was lost: the wait before the next try. */
  next(now: Millis): Millis {
    const proven = this.#opened !== undefined && now - this.#opened >= this.#wait;
    this.#opened = undefined;
    this.#wait = proven || this.#wait === 0 ? this.#minimum : Math.min(this.#maximum, 2 * this.#wait);
    return this.#wait;
  }
}
