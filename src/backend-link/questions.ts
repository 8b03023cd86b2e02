// SPDX-License-Identifier: Apache-2.0
/*
 * Questions to the backend while a packet is held. Equal questions that are open are one question; what is asked in one turn of the event loop goes out
 * in messages of at most 32. Everything is bounded, so a storm costs the asker its fallback and nobody anything else.
 */
import type { Answers, Ask, AskQuestion } from "@securebox/contract";
import type { Millis } from "quickjs-ts";
import type { Question, Told } from "./types.ts";

export const MAX_OPEN = 256;
/** Askers of one open question. */
const MAX_WAITING = 32;
export const MAX_PER_MESSAGE = 32;
/** New questions in a second, and at once; what is more is answered by the fallback. */
export const PER_SECOND = 100;
/** A question that nobody answered within this time is forgotten. Later answers are of no use to whoever asked: the packet has gone. */
export const EXPIRY: Millis = 3000;
/** A verdict is not believed longer than a day, whatever the backend says. */
const MAX_LIFETIME: Millis = 86_400_000;

type Answer = (told: Told) => void;
interface Open { id: number; key: string; asked: Millis; answers: Answer[] }

export class Questions {
  /** In the order of asking. */
  readonly #open = new Map<number, Open>();
  readonly #byKey = new Map<string, Open>();
  #batch: AskQuestion[] = [];
  #ready = false;
  #next = 1;
  #tokens = PER_SECOND;
  #filled: Millis = 0;

  get size(): number { return this.#open.size; }
  /** Questions that wait for `take`. */
  get pending(): number { return this.#batch.length; }

  /** The link came up or went: open questions are forgotten then, and their askers fall back. */
  ready(ready: boolean): void {
    this.#ready = ready;
    if (ready) return;
    this.#open.clear();
    this.#byKey.clear();
    this.#batch = [];
  }

  /** False: decide by the fallback now. */
  ask(question: Question, answer: Answer, now: Millis): boolean {
    if (!this.#ready) return false;
    this.expire(now);
    const key = keyOf(question);
    const same = this.#byKey.get(key);
    if (same) {
      if (same.answers.length >= MAX_WAITING) return false;
      same.answers.push(answer);
      return true;
    }
    if (this.#open.size >= MAX_OPEN || !this.#spend(now)) return false;
    const open = { id: this.#next++, key, asked: now, answers: [answer] };
    this.#open.set(open.id, open);
    this.#byKey.set(key, open);
    this.#batch.push({ id: open.id, ...question } as AskQuestion);
    return true;
  }

  /** The messages to send now. */
  take(): Ask[] {
    const batch = this.#batch;
    this.#batch = [];
    return Array.from({ length: Math.ceil(batch.length / MAX_PER_MESSAGE) }, (_, index) => ({ questions: batch.slice(index * MAX_PER_MESSAGE, (index + 1) * MAX_PER_MESSAGE) }));
  }

  /** Gives the answers to whoever asked, each once; unknown ones are ignored. */
  answered({ answers }: Answers): void {
    for (const { id, verdict, lifetime, reason } of answers) {
      const open = this.#open.get(id);
      if (!open) continue;
      this.#close(open);
      const told: Told = { verdict, lifetime: Math.min(MAX_LIFETIME, Math.max(0, lifetime)), ...(reason === undefined ? {} : { reason }) };
      for (const answer of open.answers) answer(told);
    }
  }

  /** When `expire` has something to forget; undefined: nothing is open. */
  expiry(): Millis | undefined {
    for (const open of this.#open.values()) return open.asked + EXPIRY;
    return undefined;
  }

  /** How many were forgotten. */
  expire(now: Millis): number {
    let count = 0;
    for (const open of this.#open.values()) {
      if (now - open.asked < EXPIRY) break;
      this.#close(open);
      count++;
    }
    return count;
  }

  #close(open: Open): void {
    this.#open.delete(open.id);
    this.#byKey.delete(open.key);
  }

  #spend(now: Millis): boolean {
    this.#tokens = Math.min(PER_SECOND, this.#tokens + ((now - this.#filled) * PER_SECOND) / 1000);
    this.#filled = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}

const keyOf = (question: Question): string =>
  JSON.stringify(question.kind === "flow" ? [question.device, question.address, question.protocol, question.port, question.peer, question.names] : [question.device, question.port, question.key]);
