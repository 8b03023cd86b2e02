// SPDX-License-Identifier: Apache-2.0
import type { Millis, Time, Timer, Timers } from "../ports/time.ts";

/** Promise jobs settle between two timers, as on the real engines; this many in a row are enough for chains of awaits. */
const jobsPerTimer = 64;

interface Entry { due: Millis; order: number; run: () => void; interval: Millis }

/** A clock that moves only when told to, and the timers on it. */
export class FakeTime implements Time, Timers {
  #now = 0;
  #order = 0;
  #entries: Entry[] = [];

  /** `epoch`: the wall clock's time at the start, milliseconds since 1970. */
  constructor(private epoch = 1_700_000_000_000) {}

  now(): Millis {
    return this.#now;
  }
  date(): Millis {
    return this.epoch + this.#now;
  }
  /** Lets the wall clock jump; the monotonic one does not notice. */
  setDate(date: Millis): void {
    this.epoch = date - this.#now;
  }
  after(delay: Millis, run: () => void): Timer {
    return this.#add(delay, run, -1);
  }
  every(interval: Millis, run: () => void): Timer {
    return this.#add(interval, run, Math.max(1, interval));
  }
  /** How many timers are armed. */
  get armed(): number {
    return this.#entries.length;
  }

  #add(delay: Millis, run: () => void, interval: Millis): Timer {
    const entry = { due: this.#now + Math.max(0, delay), order: this.#order++, run, interval };
    this.#entries.push(entry);
    return { cancel: () => void (this.#entries = this.#entries.filter((each) => each !== entry)) };
  }

  #next(until: Millis): Entry | undefined {
    let first: Entry | undefined;
    for (const entry of this.#entries)
      if (entry.due <= until && (!first || entry.due < first.due || (entry.due === first.due && entry.order < first.order))) first = entry;
    return first;
  }

  #fire(entry: Entry): void {
    this.#now = Math.max(this.#now, entry.due);
    if (entry.interval < 0) this.#entries = this.#entries.filter((each) => each !== entry);
    else [entry.due, entry.order] = [this.#now + entry.interval, this.#order++];
    entry.run();
  }

  /** Moves the clock, running what falls due in order; promise jobs run in between. */
  async advance(by: Millis = 0): Promise<void> {
    const until = this.#now + by;
    await this.#jobs();
    for (let entry = this.#next(until); entry; entry = this.#next(until)) {
      this.#fire(entry);
      await this.#jobs();
    }
    this.#now = until;
  }
  async #jobs(): Promise<void> {
    for (let turn = 0; turn < jobsPerTimer; turn++) await undefined;
  }
}
