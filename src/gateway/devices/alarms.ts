// SPDX-License-Identifier: Apache-2.0
import type { Millis } from "quickjs-ts";
import type { DeviceAlarm } from "./outcome.ts";

const QUIET: Millis = 10_000;
/** Different ones within `QUIET`: in all, of the stations at one port, and of one station, whose alarms must not hide another's. */
const MAX_REMEMBERED = 256, MAX_OF_PORT = 128, MAX_OF_STATION = 16;

interface Told { at: Millis; port: string; mac: string | undefined }

/** Passes each alarm on once in `QUIET`: an attacker decides how often he tries, not how much is logged. */
export class Alarms {
  /** By content, oldest first. */
  readonly #told = new Map<string, Told>();

  /** Whether to tell it now. */
  due(alarm: DeviceAlarm, now: Millis): boolean {
    const key = JSON.stringify(alarm);
    const before = this.#told.get(key);
    if (before !== undefined && now - before.at < QUIET) return false;
    this.sweep(now);
    const told = { at: now, port: alarm.port, mac: "mac" in alarm ? alarm.mac : undefined };
    if (!this.#hasRoom(told)) return false;
    this.#told.delete(key);
    this.#told.set(key, told);
    return true;
  }

  #hasRoom({ port, mac }: Told): boolean {
    const others = [...this.#told.values()].filter((each) => each.port === port);
    return this.#told.size < MAX_REMEMBERED && others.length < MAX_OF_PORT && (mac === undefined || others.filter((each) => each.mac === mac).length < MAX_OF_STATION);
  }

  sweep(now: Millis): void {
    for (const [key, { at }] of this.#told) {
      if (now - at < QUIET) return;
      this.#told.delete(key);
    }
  }
}
