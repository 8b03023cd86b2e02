// SPDX-License-Identifier: Apache-2.0
// What is written now and then: events and the floor of the clock. A flash that refuses costs durability, nothing else; the error shows in `status`.
import type { Millis } from "quickjs-ts";
import type { LinkClock } from "./clock.ts";
import type { LinkLog } from "./log.ts";
import type { Outbox } from "./outbox.ts";
import type { LinkStore } from "./types.ts";

export class Persistence {
  /** By what was to be written: why it was not. */
  readonly #errors = new Map<string, string>();

  constructor(private readonly store: Pick<LinkStore, "saveOutbox" | "saveFloor">, private readonly outbox: Outbox, private readonly clock: LinkClock, private readonly log: LinkLog) {}

  get error(): string | undefined {
    for (const message of this.#errors.values()) return message;
    return undefined;
  }

  due(): Millis | undefined { return this.outbox.saveDue(); }

  run(now: Millis, stopping = false): void {
    const outbox = this.outbox.toSave(now, stopping);
    if (outbox !== undefined && !this.#write("events", () => this.store.saveOutbox(outbox))) this.outbox.notSaved(now);
    const floor = this.clock.toSave(now, stopping);
    if (floor === undefined) return;
    if (this.#write("time", () => this.store.saveFloor(floor))) this.clock.saved(floor, now);
    else this.clock.notSaved(now);
  }

  #write(what: string, write: () => void): boolean {
    try {
      write();
      this.#errors.delete(what);
      return true;
    } catch (error) {
      const { message } = error as Error;
      if (this.#errors.get(what) !== message) this.log.error(`backend: ${what} not saved`, { reason: message });
      this.#errors.set(what, message);
      return false;
    }
  }
}
