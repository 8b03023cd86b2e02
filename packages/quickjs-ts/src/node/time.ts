// SPDX-License-Identifier: Apache-2.0
import type { Millis, Time, Timer, Timers } from "../ports/time.ts";

export const time: Time = { now: () => performance.now(), date: () => Date.now() };

/** Node's timers take whole milliseconds up to 2^31 - 1 and may fire a fraction early. */
const longest = 0x7fff_ffff;

class OnceTimer implements Timer {
  #handle: NodeJS.Timeout | undefined;
  constructor(private readonly due: Millis, private readonly run: () => void) {
    this.#arm();
  }
  #arm(): void {
    const left = Math.ceil(this.due - time.now());
    this.#handle = setTimeout(() => (time.now() < this.due ? this.#arm() : this.run()), Math.min(Math.max(left, 0), longest));
  }
  cancel(): void {
    clearTimeout(this.#handle);
  }
}

export const timers: Timers = {
  after: (delay, run) => new OnceTimer(time.now() + Math.max(delay, 0), run),
  every(interval, run) {
    const handle = setInterval(run, Math.ceil(interval));
    return { cancel: () => clearInterval(handle) };
  },
};
