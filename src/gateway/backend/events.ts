// SPDX-License-Identifier: Apache-2.0
// The log's events go to the backend too. What the link itself says about its connection would come back as one more event to send, and a link that
// flaps would fill its own outbox: of those a few pass, the rest is counted.
import type { Millis } from "quickjs-ts";
import type { Link } from "../../backend-link/types.ts";
import type { EventLog, Fields, Level, Log, LogEvent } from "../log.ts";

/** Events of the link itself: at once, and then one in this time. */
const BURST = 6;
const INTERVAL: Millis = 30_000;

export class EventForwarder {
  readonly #log: EventLog;
  readonly #link: Pick<Link, "event">;
  readonly #now: () => Millis;
  #end: (() => void) | undefined;
  /** An event that is raised while one is handed over is not handed over in turn. */
  #busy = false;
  #ofLink = false;
  #tokens = BURST;
  #filled: Millis;
  #left = 0;

  constructor(log: EventLog, link: Pick<Link, "event">, now: () => Millis) {
    this.#log = log;
    this.#link = link;
    this.#now = now;
    this.#filled = now();
  }

  /** Starts, or goes on with another least level. */
  forward(level: Level): void {
    this.close();
    this.#end = this.#log.follow((event) => this.#take(event), level);
  }

  close(): void {
    this.#end?.();
    this.#end = undefined;
  }

  #take({ level, event, fields }: LogEvent): void {
    if (this.#busy || (this.#ofLink && !this.#spend())) return;
    this.#busy = true;
    try {
      const left = this.#ofLink ? this.#left : 0;
      if (this.#ofLink) this.#left = 0;
      this.#link.event(level, event, left > 0 ? { ...fields, "left-out": left } : fields);
    } finally {
      this.#busy = false;
    }
  }

  /** The log for the link itself. */
  linkLog(): Log {
    const add = (level: Level) => (event: string, fields?: Fields): void => {
      this.#ofLink = true;
      try {
        this.#log[level](event, fields);
      } finally {
        this.#ofLink = false;
      }
    };
    return { debug: add("debug"), info: add("info"), warn: add("warn"), error: add("error") };
  }

  #spend(): boolean {
    const now = this.#now();
    this.#tokens = Math.min(BURST, this.#tokens + (now - this.#filled) / INTERVAL);
    this.#filled = now;
    if (this.#tokens >= 1) {
      this.#tokens--;
      return true;
    }
    this.#left++;
    return false;
  }
}
