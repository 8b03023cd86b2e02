// SPDX-License-Identifier: Apache-2.0
// Why documents were not taken: the last reason for `reported`, and an event for each, but not for each repetition.
import type { DocumentRefusal as Reason, Instant, Refusal } from "@securebox/contract";
import type { Millis } from "quickjs-ts";

/** The same document refused for the same reason is worth an event each hour, and different ones this many a minute. */
const REPEAT: Millis = 3_600_000;
const PER_MINUTE = 10;
const MINUTE: Millis = 60_000;

export class Refusals {
  #last: Refusal | undefined;
  #lastEvent: Millis = -Infinity;
  #recent: Millis[] = [];
  #suppressed = 0;

  get last(): Refusal | undefined { return this.#last; }

  /** A document was accepted: what was refused before it is of no interest any more. */
  clear(): void { this.#last = undefined; }

  /** The refusal to make an event of, with how many were left out since the last one; undefined: one too many. `isNew`: `last` changed. */
  add(reason: Reason, at: Instant, now: Millis): { isNew: boolean; event: boolean; suppressed: number } {
    const isNew = this.#last === undefined || !same(this.#last, reason);
    if (isNew) this.#last = { ...reason, at };
    const event = (isNew || now - this.#lastEvent >= REPEAT) && this.#admit(now);
    if (!event) return { isNew, event, suppressed: ++this.#suppressed };
    this.#lastEvent = now;
    const suppressed = this.#suppressed;
    this.#suppressed = 0;
    return { isNew, event, suppressed };
  }

  #admit(now: Millis): boolean {
    this.#recent = this.#recent.filter((at) => now - at < MINUTE);
    if (this.#recent.length >= PER_MINUTE) return false;
    this.#recent.push(now);
    return true;
  }
}

const same = (one: Reason, other: Reason): boolean =>
  one.kind === other.kind && one.code === other.code && one.sequence === other.sequence && one.digest === other.digest && one.message === other.message;
