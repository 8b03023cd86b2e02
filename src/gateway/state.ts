// SPDX-License-Identifier: Apache-2.0
// The state directory: small JSON files, each replaced atomically, written at most every two seconds (flash wears out) and at exit. A disk
// that is full costs nothing but durability: the values stay in memory, the error shows in `status`, and writing is tried again.
import type { Millis, Platform, Timer } from "quickjs-ts";
import type { Log } from "./log.ts";

const INTERVAL: Millis = 2000;
/** After a failed write: wait longer, the disk will not empty itself within seconds. */
const RETRY: Millis = 10_000;
const MODE = 0o600;

type Machine = Pick<Platform, "files" | "timers" | "time">;

export class StateDirectory {
  readonly path: string;
  readonly #machine: Machine;
  readonly #log: Log;
  /** What is to be written, by file name. The content is produced when it is written, not when it changes. */
  readonly #dirty = new Map<string, () => string>();
  #timer: Timer | undefined;
  #lastWrite: Millis = -Infinity;
  #error: string | undefined;

  constructor(machine: Machine, path: string, log: Log) {
    this.path = path;
    this.#machine = machine;
    this.#log = log;
  }

  /** Why the last write failed; undefined when everything is on disk or waiting its turn. */
  get error(): string | undefined { return this.#error; }
  get saved(): boolean { return this.#dirty.size === 0; }

  /** The file's text; undefined when there is none or it cannot be read (logged). */
  load(name: string): string | undefined {
    const path = `${this.path}/${name}`;
    try {
      return this.#machine.files.status(path) ? this.#machine.files.readText(path) : undefined;
    } catch (error) {
      this.#log.error("state unreadable", { file: path, reason: (error as Error).message });
      return undefined;
    }
  }

  /** Writes the file now if the last write is long enough ago, else when it is. */
  save(name: string, produce: () => string): void {
    this.#dirty.set(name, produce);
    this.#timer ??= this.#machine.timers.after(Math.max(0, this.#lastWrite + INTERVAL - this.#machine.time.now()), () => this.flush());
  }

  /** Writes everything that waits. Never throws. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#dirty.size === 0) return;
    this.#lastWrite = this.#machine.time.now();
    try {
      this.#machine.files.makeDirectory(this.path, 0o700);
      for (const [name, produce] of this.#dirty) {
        this.#machine.files.replace(`${this.path}/${name}`, produce(), { mode: MODE });
        this.#dirty.delete(name);
      }
      if (this.#error !== undefined) this.#log.info("state saved again", { path: this.path });
      this.#error = undefined;
    } catch (error) {
      this.#error = (error as Error).message;
      this.#log.error("state not saved", { reason: this.#error, retry: `${RETRY / 1000}s` });
      this.#timer = this.#machine.timers.after(RETRY, () => this.flush());
    }
  }
}
