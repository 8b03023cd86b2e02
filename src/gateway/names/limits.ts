// SPDX-License-Identifier: Apache-2.0
import type { Millis } from "quickjs-ts";

/** All times in milliseconds. */
export interface NameLimits {
  /** Addresses of one pattern, and of all. Each costs two flows. */
  perPattern: number;
  total: number;
  /**
   * An address counts for max(TTL, `floor`), at most `ceiling`, and `grace` more: stub resolvers and browsers use an answer a little longer
   * than its TTL says, and the next answer should come before the old one is gone.
   */
  floor: Millis;
  ceiling: Millis;
  grace: Millis;
  /**
   * How much longer an address counts while traffic with it goes on (see `used`). 0: not at all, so a connection that outlives its name's
   * TTL by more than the grace is cut unless somebody resolves the name again.
   */
  inUse: Millis;
}

const SECOND = 1000;

export const DEFAULT_NAME_LIMITS: NameLimits = { perPattern: 256, total: 2048, floor: 30 * SECOND, ceiling: 24 * 3600 * SECOND, grace: 60 * SECOND, inUse: 0 };
