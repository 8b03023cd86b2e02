// SPDX-License-Identifier: Apache-2.0
// How long to wait before the next try, and how long to let a try take.
import type { Millis } from "quickjs-ts";

/** Ceiling of the first wait; it doubles with every try that follows. */
const BASE: Millis = 500;
/**
 * While the cut is young, a wait and a try together stay below 5 s after the link's return: the kernel repeats a lost SYN after 1 s, so at worst
 * 2.5 s - 1 s of a try that came too early, then 3 s of waiting.
 */
export const YOUNG: Millis = 60_000;
const YOUNG_CAP: Millis = 3000;
const YOUNG_TRY: Millis = 2500;
/** Afterwards: an unreachable backend costs one try a minute. */
const OLD_CAP: Millis = 60_000;
const OLD_TRY: Millis = 45_000;
/** A try may take this many times as long as the last one that succeeded took: slow lines stay usable. */
const SLOWNESS = 3;
/** Of the first try ever, of which nothing is known. */
const FIRST_TRY: Millis = 10_000;

/** Full jitter: anything from nothing to the ceiling. `failures`: losses and failed tries in a row, from 1. `age`: of the cut. `random`: 0 to 1. */
export function waitBefore(failures: number, age: Millis, random: number): Millis {
  const ceiling = BASE * 2 ** Math.min(failures - 1, 10);
  return Math.round(random * Math.min(ceiling, age < YOUNG ? YOUNG_CAP : OLD_CAP));
}

/** After repeated take-overs: 15 to 60 s, so that two gateways with one identity leave each other long spells. */
export function waitAfterTakeOver(random: number): Millis {
  return Math.round(15_000 + random * 45_000);
}

/** Deadline of one try, up to and including CONNACK. `last`: how long the last successful one took. */
export function tryTimeout(age: Millis, last: Millis | undefined): Millis {
  if (age >= YOUNG) return OLD_TRY;
  return last === undefined ? FIRST_TRY : Math.min(OLD_TRY, Math.max(YOUNG_TRY, SLOWNESS * last));
}
