// SPDX-License-Identifier: Apache-2.0
// When to ask for the next certificate: after two thirds of the life of the present one, and again with back-off until it comes.
import type { Instant } from "@securebox/contract";
import type { Millis } from "quickjs-ts";

const FIRST_RETRY: Millis = 60_000;
const LAST_RETRY: Millis = 3_600_000;
/** No wait is longer than this part of the life, so that a short one has several tries, too. */
const TRIES = 30;

export interface Life { notBefore: Instant; notAfter: Instant }

export const renewAt = ({ notBefore, notAfter }: Life): Instant => notBefore + Math.ceil(((notAfter - notBefore) * 2) / 3);

export class Renewal {
  #tries = 0;
  #next: Millis = -Infinity;

  /** Whether to send a request now; `date`: trusted, undefined: never without one. Counts as a try. */
  due(life: Life, date: Instant | undefined, now: Millis): boolean {
    if (date === undefined || date < renewAt(life) || now < this.#next) return false;
    this.#next = now + Math.min(LAST_RETRY, FIRST_RETRY * 2 ** this.#tries++, (life.notAfter - life.notBefore) / TRIES);
    return true;
  }

  renewed(): void {
    this.#tries = 0;
    this.#next = -Infinity;
  }

  /** When to ask `due` again. */
  next(life: Life, date: Instant | undefined, now: Millis): Millis | undefined {
    return date === undefined ? undefined : Math.max(this.#next, now + renewAt(life) - date);
  }
}
