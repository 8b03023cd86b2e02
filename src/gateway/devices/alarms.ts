// SPDX-License-Identifier: Apache-2.0
import type { Millis } from "quickjs-ts";
import type { DeviceAlarm } from "./outcome.ts";

const QUIET: Millis = 10_000;
const MAX_REMEMBERED = 256;

/** Passes each alarm on once in `QUIET`: an attacker decides how often he tries, not how much is logged. */
export class Alarms {
  /** Last time by content, oldest first. */
  readonly #told = new Map<string, Millis>();

  /** Whether to tell it now. Beyond MAX_REMEMBERED different ones within `QUIET` the rest is dropped. */
  due(alarm: DeviceAlarm, now: Millis): boolean {
    const key = JSON.stringify(alarm);
    const before = this.#told.get(key);
    if (before !== undefined && now - before < QUIET) return false;
    this.sweep(now);
    if (this.#told.size >= MAX_REMEMBERED) return false;
    this.#told.delete(key);
    this.#told.set(key, now);
    return true;
  }

  sweep(now: Millis): void {
    for (const [key, at] of this.#told) {
      if (now - at < QUIET) return;
      this.#told.delete(key);
    }
  }
}
