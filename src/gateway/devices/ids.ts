// SPDX-License-Identifier: Apache-2.0

/**
 * Small positive integers, each given back one reused as late as possible: flows, connections and log lines of the device that had it should
 * be gone by then. Twice as many ids as devices.
 */
export class Ids {
  readonly #limit: number;
  readonly #used = new Set<number>();
  #last = 0;

  constructor(devices: number) {
    this.#limit = devices * 2;
  }

  get last(): number { return this.#last; }

  /** Goes round from the id given out last. Never fails while at most `devices` are in use. */
  take(): number {
    do this.#last = (this.#last % this.#limit) + 1;
    while (this.#used.has(this.#last));
    this.#used.add(this.#last);
    return this.#last;
  }

  /** False: out of range or in use. */
  reserve(id: number): boolean {
    if (!Number.isInteger(id) || id < 1 || id > this.#limit || this.#used.has(id)) return false;
    this.#used.add(id);
    return true;
  }

  /** Where `take` goes on: of a saved state. */
  continueAfter(last: number): void {
    if (Number.isInteger(last) && last >= 0 && last <= this.#limit) this.#last = last;
  }

  free(id: number): void {
    this.#used.delete(id);
  }
}
