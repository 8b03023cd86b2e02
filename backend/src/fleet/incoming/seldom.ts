// SPDX-License-Identifier: Apache-2.0

/** Says yes to a key at most once in `interval` milliseconds, with how often it was no before. Remembers `limit` keys, the newest. */
export class Seldom {
  readonly #last = new Map<string, { at: number; missed: number }>();
  constructor(private readonly interval: number, private readonly limit = 2000) {}

  /** undefined: not now. */
  allow(key: string, now: number): { missed: number } | undefined {
    const last = this.#last.get(key);
    if (last && now - last.at < this.interval) {
      last.missed++;
      return undefined;
    }
    this.#last.delete(key);
    this.#last.set(key, { at: now, missed: 0 });
    if (this.#last.size > this.limit) this.#last.delete(this.#last.keys().next().value!);
    return { missed: last?.missed ?? 0 };
  }

  forget(key: string): void {
    this.#last.delete(key);
  }
}
