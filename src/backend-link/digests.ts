// SPDX-License-Identifier: Apache-2.0
// What the backend is told about our state, and when: by digest, so that equal states send nothing, and at most once per interval.
import type { Millis } from "quickjs-ts";

export interface StateOptions<Body> {
  /** Least time between two messages. */
  interval: Millis;
  body(): Body;
  /** SHA-256 of the canonical form. */
  digest(body: Body): string;
}

export class ReportedState<Body> {
  readonly #options: StateOptions<Body>;
  /** What the backend has, as far as we know; undefined: ask at the next hello. */
  #known: string | undefined;
  /** Digest that the open hello named. */
  #greeted: string | undefined;
  #dirty = false;
  #ready = false;
  #sentAt: Millis = -Infinity;

  constructor(options: StateOptions<Body>) {
    this.#options = options;
  }

  changed(): void { this.#dirty = true; }

  /** What was published did not come through: once more, equal or not. */
  repeat(): void {
    this.#dirty = true;
    this.#known = undefined;
  }

  /** The digest for hello. */
  greet(): string {
    this.#greeted = this.#options.digest(this.#options.body());
    return this.#greeted;
  }

  /** The welcome came: `wanted` when the backend's record differs from what hello named. */
  welcomed(wanted: boolean): void {
    this.#ready = this.#dirty = true;
    this.#known = wanted ? undefined : this.#greeted;
    if (wanted) this.#sentAt = -Infinity;
  }

  lost(): void { this.#ready = false; }

  /** When `take` has to be asked; undefined: nothing changed, or nobody listens. */
  due(): Millis | undefined {
    return this.#ready && this.#dirty ? this.#sentAt + this.#options.interval : undefined;
  }

  /** The body to publish now, if it differs from what was published. */
  take(now: Millis): Body | undefined {
    const due = this.due();
    if (due === undefined || now < due) return undefined;
    this.#dirty = false;
    const body = this.#options.body();
    const digest = this.#options.digest(body);
    if (digest === this.#known) return undefined;
    this.#known = digest;
    this.#sentAt = now;
    return body;
  }
}
