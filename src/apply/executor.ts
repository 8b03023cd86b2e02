// SPDX-License-Identifier: Apache-2.0
// Carries out what the machine says, one action after the other, each with a deadline.
import type { Millis, Timer, Timers, Time } from "quickjs-ts";
import type { Journal } from "./journal.ts";
import type { Action, Machine } from "./machine.ts";
import type { Items, Parts, Probe, State } from "./types.ts";

/** A part that has not answered by then counts as having refused. */
export const ACTION_DEADLINE: Millis = 30_000;

export interface Surroundings {
  parts: Parts;
  probe: Probe;
  /** Atomic and durable; throws. */
  write(journal: Journal): void;
  clock: { time: Pick<Time, "now">; timers: Pick<Timers, "after"> };
}

export class Executor {
  readonly #machine: Machine;
  readonly #around: Surroundings;
  /** Ends a wait early. */
  #wake: (() => void) | undefined;
  #closed = false;

  constructor(machine: Machine, around: Surroundings) {
    this.#machine = machine;
    this.#around = around;
  }

  /** Until the machine rests, or `close`. `step` is called after every action. Never rejects. */
  async run(step: (action: Action, error: string | undefined) => void): Promise<void> {
    while (!this.#closed) {
      const action = this.#machine.next(this.#now());
      if (action.do === "rest") return;
      if (action.do === "wait") await this.#sleep(action.until - this.#now());
      else step(action, await this.#carryOut(action));
    }
  }

  /** Looks at the machine now, whatever it waits for. */
  wake(): void {
    this.#wake?.();
  }

  close(): void {
    this.#closed = true;
    this.wake();
  }

  async #carryOut(action: Action): Promise<string | undefined> {
    try {
      const answer = await this.within(this.#perform(action), action.do);
      this.#machine.done(this.#now(), answer);
      return undefined;
    } catch (error) {
      const { message } = error as Error;
      this.#machine.failed(this.#now(), message);
      return message;
    }
  }

  async #perform(action: Action): Promise<unknown> {
    const { parts, probe, write } = this.#around;
    if (action.do === "write") return write(action.journal);
    if (action.do === "put") return partOf(parts, action.part).put(action.items);
    if (action.do === "read") return this.read(action.keys);
    if (action.do === "look") return probe.look();
    if (action.do === "sync") for (const name of action.parts) await partOf(parts, name).sync();
    return undefined;
  }

  /** The values of the keys that `like` has. */
  async read(like: State): Promise<State> {
    const seen: Record<string, Items> = {};
    for (const [name, items] of Object.entries(like)) seen[name] = await partOf(this.#around.parts, name).read(Object.keys(items));
    return seen;
  }

  within<T>(work: Promise<T>, what: string): Promise<T> {
    const { timers } = this.#around.clock;
    return new Promise((resolve, reject) => {
      const timer: Timer = timers.after(ACTION_DEADLINE, () => reject(new Error(`${what}: no answer within ${ACTION_DEADLINE / 1000} s`)));
      work.then(resolve, reject).finally(() => timer.cancel());
    });
  }

  #now(): Millis { return this.#around.clock.time.now(); }

  #sleep(delay: Millis): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => { timer.cancel(); this.#wake = undefined; resolve(); };
      const timer = this.#around.clock.timers.after(Math.max(0, delay), end);
      this.#wake = end;
    });
  }
}

function partOf(parts: Parts, name: string) {
  const part = parts[name];
  if (!part) throw new Error(`there is no part "${name}" here`);
  return part;
}
