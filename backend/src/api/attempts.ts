// SPDX-License-Identifier: Apache-2.0
// How often strangers may try. Counted in this process: several processes allow as many times more, which is bounded too.
import { RequestError } from "../ports.ts";

/** Milliseconds within which tries are counted. */
const WINDOW = 5 * 60_000;
/** A stranger at one address cannot keep somebody else out: only 10 tries of a name from one address, but 100 from all, close that name. */
const LIMITS: [prefix: string, most: number, window: number][] = [["pair ", 10, WINDOW], ["user ", 100, WINDOW], ["enrolment requests ", 30, 3_600_000], ["", 30, WINDOW]];
/** Names remembered; the oldest are forgotten. */
const MAX_NAMES = 10_000;

export class TooMany extends RequestError {
  constructor(readonly seconds: number) { super(429, `too many failed attempts; try again in ${seconds} s`, { retryAfter: seconds }); }
}

export class Attempts {
  /** Of each name the instant at which its window ends, and the failures in it. */
  readonly #counted = new Map<string, { until: number; failures: number }>();
  readonly #now: () => number;

  constructor(now: () => number) { this.#now = now; }

  /** Throws TooMany while one of the names has used up its tries. */
  check(names: readonly string[]): void {
    const waits = names.map((name) => this.#wait(name));
    const longest = Math.max(...waits);
    if (longest > 0) throw new TooMany(Math.ceil(longest / 1000));
  }

  failed(names: readonly string[]): void {
    const now = this.#now();
    for (const name of names) {
      const known = this.#counted.get(name);
      if (known && known.until > now) known.failures++;
      else this.#remember(name, now + limitOf(name).window);
    }
  }

  /** Forgets the failures of who proved to be that user. Those of the address stay: an attacker may have one good account. */
  succeeded(name: string): void { this.#counted.delete(name); }

  /** For what strangers may do at all only so often. Throws TooMany. */
  spend(name: string): void {
    this.check([name]);
    this.failed([name]);
  }

  #wait(name: string): number {
    const known = this.#counted.get(name);
    return known && known.failures >= limitOf(name).most ? known.until - this.#now() : 0;
  }

  #remember(name: string, until: number): void {
    this.#counted.delete(name);
    if (this.#counted.size >= MAX_NAMES) this.#counted.delete(this.#counted.keys().next().value!);
    this.#counted.set(name, { until, failures: 1 });
  }
}

function limitOf(name: string): { most: number; window: number } {
  const [, most, window] = LIMITS.find(([prefix]) => name.startsWith(prefix))!;
  return { most, window };
}
