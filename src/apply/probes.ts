// SPDX-License-Identifier: Apache-2.0
// When a change counts as harmless: everything that was seen to work before works again, and goes on working for a while.
import type { Millis } from "quickjs-ts";
import { SIGNS, type Sign, type Signs } from "./types.ts";

export class Verdict {
  readonly #required: readonly Sign[];
  readonly #settle: Millis;
  #goodSince: Millis | undefined;
  #missing: readonly Sign[];

  /** `before`: the signs before anything was changed. `settle`: how long all must hold. */
  constructor(before: Signs, settle: Millis) {
    this.#required = SIGNS.filter((sign) => before[sign] === true);
    this.#missing = this.#required;
    this.#settle = settle;
  }

  /** What worked before and was not seen to work at the last look. */
  get missing(): readonly Sign[] { return this.#missing; }

  /** True: the change can be confirmed. */
  saw(now: Millis, signs: Signs): boolean {
    this.#missing = this.#required.filter((sign) => signs[sign] !== true);
    if (this.#missing.length > 0) this.#goodSince = undefined;
    else this.#goodSince ??= now;
    return this.#goodSince !== undefined && now - this.#goodSince >= this.#settle;
  }
}
