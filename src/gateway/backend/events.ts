// SPDX-License-Identifier: Apache-2.0
// The log's events go to the backend too. What the link itself writes there stays here: the link tells the backend what concerns it, and its connections
// and losses would come back as one more event to send, so that a link that flaps would fill its own outbox. Repetitions are counted by the log already.
import type { Link } from "../../backend-link/types.ts";
import type { EventLog, Fields, Level, Log, LogEvent } from "../log.ts";

export class EventForwarder {
  readonly #log: EventLog;
  readonly #link: Pick<Link, "event">;
  #end: (() => void) | undefined;
  /** Above 0: what is logged now is the link's, or comes of handing an event over. */
  #silent = 0;

  constructor(log: EventLog, link: Pick<Link, "event">) {
    this.#log = log;
    this.#link = link;
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

  /** The log for the link itself. */
  linkLog(): Log {
    const add = (level: Level) => (event: string, fields?: Fields): void => this.#silently(() => this.#log[level](event, fields));
    return { debug: add("debug"), info: add("info"), warn: add("warn"), error: add("error") };
  }

  #take({ level, event, fields }: LogEvent): void {
    if (this.#silent === 0) this.#silently(() => this.#link.event(level, event, fields));
  }

  #silently(run: () => void): void {
    this.#silent++;
    try {
      run();
    } finally {
      this.#silent--;
    }
  }
}
