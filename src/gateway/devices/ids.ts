// SPDX-License-Identifier: Apache-2.0

/**
 * Small positive integers, each given back one reused as late as possible: flows, connections and log lines of the device that had it should
 * be gone by then. Twice as many ids as devices.
 */
export class Ids {
  readonly #limit: number;
  readonly #used: Uint8Array;
  #last = 0;

  constructor(devices: number) {
    this.#limit = devices * 2;
    this.#used = new Uint8Array(this.#limit + 1);
  }

  get last(): number { return this.#last; }

  /** Goes round from the id given out last. Never fails while at most `devices` are in use. */
  take(): number {
    do this.#last = (this.#last % this.#limit) + 1;
    while (this.#used[this.#last]);
    this.#used[this.#last] = 1;
    return this.#last;
  }

  /** False: out of range or in use. */
  reserve(id: number): boolean {
    if (!Number.isInteger(id) || id < 1 || id > this.#limit || this.#used[id]) return false;
    this.#used[id] = 1;
    return true;
  }

  /** Where `take` goes on: of a saved state. */
  continueAfter(last: number): void {
    if (Number.isInteger(last) && last >= 0 && last <= this.#limit) this.#last = last;
  }

  free(id: number): void {
    this.#used[id] = 0;
  }
}
