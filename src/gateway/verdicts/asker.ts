// SPDX-License-Identifier: Apache-2.0
import type { Millis } from "quickjs-ts";
import type { Question, Told } from "../../backend-link/types.ts";
import { questionKey, type FlowQuestion } from "./question.ts";

export interface Answer {
  verdict: "allow" | "deny";
  /** How long it may be believed. */
  lifetime: Millis;
  /** For people. */
  reason?: string;
}

/** Somebody who may know: the backend. */
export interface Asker {
  /**
   * Calls `answer` at most once, later. False: there is nobody to ask now, so the rule's fallback decides at once.
   * Whoever asks keeps the deadline.
   */
  ask(question: FlowQuestion, answer: (answer: Answer) => void): boolean;
}

/** A gateway on its own asks nobody. */
export const STANDALONE: Asker = { ask: () => false };

export interface LinkAskerParts {
  /** The link's `ask`; false while there is none. */
  ask(question: Question, answer: (told: Told) => void): boolean;
  /** The question for somebody who does not know our device numbers; undefined: the device is gone. */
  describe(question: FlowQuestion): Question | undefined;
  now(): Millis;
}

/** Open questions of one device at a time: a scan of one does not use up what others may ask. */
export const MAX_OPEN_PER_DEVICE = 32;
/** After that nobody waits for the answer any more, and the same question may be asked again. */
export const ANSWER_EXPIRY: Millis = 3000;
/** A verdict holds at least so long, or its own packets would ask in a circle. */
const LEAST_LIFETIME: Millis = 1000;

interface Open { device: number; address: string; asked: Millis }

/**
 * Asks the backend. Packets of one flow make one question; its answer counts for all of them, in time or late, unless the device, the address or the
 * policy has become another meanwhile.
 */
export class LinkAsker implements Asker {
  readonly #parts: LinkAskerParts;
  /** By question key, oldest first. */
  readonly #open = new Map<string, Open>();

  constructor(parts: LinkAskerParts) {
    this.#parts = parts;
  }

  get open(): number { return this.#open.size; }

  ask(question: FlowQuestion, answer: (answer: Answer) => void): boolean {
    this.#expire();
    const key = questionKey(question);
    // The first answer looks again at everything that waits under this key.
    if (this.#open.has(key)) return true;
    if (this.#count(question.device) >= MAX_OPEN_PER_DEVICE) return false;
    const described = this.#parts.describe(question);
    if (!described) return false;
    const open = { device: question.device, address: question.address, asked: this.#parts.now() };
    const asked = this.#parts.ask(described, ({ verdict, lifetime, reason }) => {
      if (this.#open.get(key) !== open) return;
      this.#open.delete(key);
      answer({ verdict, lifetime: Math.max(LEAST_LIFETIME, lifetime), ...(reason === undefined ? {} : { reason }) });
    });
    if (asked) this.#open.set(key, open);
    return asked;
  }

  forgetDevice(device: number): void { this.#forget((open) => open.device === device); }
  forgetAddress(address: string): void { this.#forget((open) => open.address === address); }
  /** The policy changed: what was asked about may not be asked about any more. */
  clear(): void { this.#open.clear(); }

  #forget(matches: (open: Open) => boolean): void {
    for (const [key, open] of this.#open) if (matches(open)) this.#open.delete(key);
  }

  #expire(): void {
    const now = this.#parts.now();
    for (const [key, open] of this.#open) {
      if (now - open.asked < ANSWER_EXPIRY) return;
      this.#open.delete(key);
    }
  }

  #count(device: number): number {
    let count = 0;
    for (const open of this.#open.values()) if (open.device === device) count++;
    return count;
  }
}
