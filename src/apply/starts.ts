// SPDX-License-Identifier: Apache-2.0
/*
 * The start counter. Each start adds one on flash, a gateway that was healthy for HEALTHY takes it back: two small writes per start, and in a
 * loop of crashes three and then none. After three starts that were never healthy the next one is a safe boot.
 */
import type { Files, Millis } from "quickjs-ts";
import type { ApplyLog } from "./types.ts";

export const FAILED_STARTS = 3;
/** In one piece. */
export const HEALTHY: Millis = 60_000;
const MODE = 0o600;

/** The counter as it is on flash. Throws RangeError for a file that is not ours, PlatformError. */
export function failedStarts(files: Files, path: string): number {
  if (!files.status(path)) return 0;
  const text = files.readText(path).trim();
  if (!/^\d{1,3}$/.test(text)) throw new RangeError(`${path}: expected a number`);
  return Number(text);
}

export class Starts {
  /** Starts before this one that were never healthy, in a row. */
  readonly failed: number;
  readonly #files: Files;
  readonly #path: string;
  readonly #log: ApplyLog;
  #onFlash: number;
  #healthySince: Millis | undefined;
  #proven = false;

  /** Counts this start. A flash that refuses is logged: then this start does not count. */
  constructor(files: Files, path: string, log: ApplyLog) {
    this.#files = files;
    this.#path = path;
    this.#log = log;
    this.failed = this.#onFlash = this.#read();
    if (!this.safe) this.#write(this.failed + 1);
  }

  get safe(): boolean { return this.failed >= FAILED_STARTS; }
  get proven(): boolean { return this.#proven; }

  /** True once: the gateway has been healthy for long enough. */
  healthy(now: Millis, healthy: boolean): boolean {
    this.#healthySince = healthy ? this.#healthySince ?? now : undefined;
    if (this.#proven || this.#healthySince === undefined || now - this.#healthySince < HEALTHY) return false;
    this.#proven = true;
    this.#write(0);
    return true;
  }

  /** An orderly stop before that says nothing about this start. */
  stopped(): void {
    if (!this.#proven && !this.safe) this.#write(this.failed);
  }

  #read(): number {
    try {
      return failedStarts(this.#files, this.#path);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#log.error("start counter damaged: counted from 0", { file: this.#path });
      return 0;
    }
  }

  #write(count: number): void {
    if (count === this.#onFlash) return;
    try {
      this.#files.replace(this.#path, `${count}\n`, { mode: MODE });
      this.#onFlash = count;
    } catch (error) {
      this.#log.error("start not counted", { reason: (error as Error).message });
    }
  }
}
