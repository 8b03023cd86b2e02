// SPDX-License-Identifier: Apache-2.0
import { PlatformError, type Platform, type Timer } from "quickjs-ts";
import { platform } from "quickjs-ts/platform";
import type { Log } from "../log.ts";

export const quiet: Log = { debug() {}, info() {}, warn() {}, error() {} };

const { crypto } = platform;

/** A disk and a clock in memory; `full` makes writing fail. */
export class Machine {
  readonly disk = new Map<string, string>();
  writes = 0;
  /** What the watcher of a file is told; the test calls it. */
  changed = (): void => {};
  full = false;
  now = 0;
  #due: { at: number; run: () => void }[] = [];

  readonly platform = {
    files: {
      status: (path: string) => this.disk.has(path) ? { kind: "file", size: this.disk.get(path)!.length, modified: 0, inode: 1 } : undefined,
      watch: (_path: string, changed: () => void) => { this.changed = changed; return { close() {} }; },
      readText: (path: string) => this.disk.get(path),
      makeDirectory: () => {},
      replace: (path: string, data: string) => {
        if (this.full) throw new PlatformError("write", "ENOSPC", path);
        this.writes++;
        this.disk.set(path, data);
      },
    },
    crypto,
    time: { now: () => this.now, date: () => this.now },
    timers: {
      after: (delay: number, run: () => void): Timer => {
        const entry = { at: this.now + delay, run };
        this.#due.push(entry);
        return { cancel: () => { this.#due = this.#due.filter((other) => other !== entry); } };
      },
    },
  } as unknown as Platform;

  pass(milliseconds: number): void {
    this.now += milliseconds;
    for (const entry of this.#due.filter(({ at }) => at <= this.now)) {
      this.#due = this.#due.filter((other) => other !== entry);
      entry.run();
    }
  }
}
