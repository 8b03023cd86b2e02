// SPDX-License-Identifier: Apache-2.0

/** Tasks of one key in order, those of different keys in parallel; both bounded. */
export class KeyedQueue {
  readonly #last = new Map<string, Promise<void>>();
  readonly #depth = new Map<string, number>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(private readonly parallel: number, private readonly perKey: number) {}

  /** Resolves with what the task does; undefined at once: the key has `perKey` tasks already. */
  run(key: string, task: () => Promise<void>): Promise<void> | undefined {
    const depth = this.#depth.get(key) ?? 0;
    if (depth >= this.perKey) return undefined;
    this.#depth.set(key, depth + 1);
    const result = (this.#last.get(key) ?? Promise.resolve()).then(() => this.#inTurn(task));
    const settled = result.catch(() => {}).then(() => this.#left(key));
    this.#last.set(key, settled);
    return result;
  }

  async #inTurn(task: () => Promise<void>): Promise<void> {
    // A finished task hands its place to who waits longest, so `running` stays as it is then.
    if (this.#running < this.parallel) this.#running++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      await task();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }

  #left(key: string): void {
    const depth = this.#depth.get(key)! - 1;
    if (depth > 0) return void this.#depth.set(key, depth);
    this.#depth.delete(key);
    this.#last.delete(key);
  }
}
