// SPDX-License-Identifier: Apache-2.0

/** Milliseconds; may have a fraction. */
export type Millis = number;

export interface Time {
  /** Monotonic clock, milliseconds since an arbitrary start, with sub-millisecond fraction. */
  now(): Millis;
  /** Wall clock, milliseconds since 1970-01-01 UTC. May jump; access points boot in 1970. */
  date(): Millis;
}

export interface Timer {
  /** Idempotent; after it the callback is not called. */
  cancel(): void;
}

export interface Timers {
  /** Calls `run` once, no earlier than `delay` from now. */
  after(delay: Millis, run: () => void): Timer;
  /** Calls `run` each `interval`; missed turns are not made up for. */
  every(interval: Millis, run: () => void): Timer;
}
