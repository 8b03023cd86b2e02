// SPDX-License-Identifier: Apache-2.0
import type { Millis } from "quickjs-ts";
import type { Mac } from "../../wifi-isolation/network.ts";
import type { Alarms } from "./alarms.ts";
import { deviceOf, type Entry } from "./entry.ts";
import type { Ask, DeviceAlarm, DeviceEvent, DeviceOutcome } from "./outcome.ts";

/** An outcome in the making: gathers what one input changes. */
export class Draft {
  readonly now: Millis;
  readonly #alarms: Alarms;
  readonly #changed = new Set<Entry>();
  readonly #removed = new Set<Entry>();
  readonly #events: DeviceEvent[] = [];
  readonly #deauthenticate: DeviceOutcome["deauthenticate"] = [];
  readonly #asks: Ask[] = [];

  constructor(alarms: Alarms, now: Millis) {
    this.#alarms = alarms;
    this.now = now;
  }

  changed(entry: Entry): void { this.#changed.add(entry); }
  removed(entry: Entry): void { this.#removed.add(entry); }
  event(event: Exclude<DeviceEvent, DeviceAlarm>): void { this.#events.push(event); }
  alarm(alarm: DeviceAlarm): void { if (this.#alarms.due(alarm, this.now)) this.#events.push(alarm); }
  deauthenticate(port: string, mac: Mac, reason: number): void { this.#deauthenticate.push({ port, mac, reason }); }

  ask(ask: Ask): void { this.#asks.push(ask); }

  outcome(frame: DeviceOutcome["frame"] = "release"): DeviceOutcome {
    return {
      setDevices: [...this.#changed].filter((entry) => !this.#removed.has(entry)).map(deviceOf),
      removeDevices: [...this.#removed].map(({ id }) => id),
      events: this.#events, deauthenticate: this.#deauthenticate, asks: this.#asks, frame,
    };
  }
}
