// SPDX-License-Identifier: Apache-2.0
import type { Millis } from "quickjs-ts";
import type { FlowQuestion } from "./question.ts";

export interface Answer {
  verdict: "allow" | "deny";
  /** How long it may be believed. */
  lifetime: Millis;
  /** For people. */
  reason?: string;
}

/** Somebody who may know: later the backend. */
export interface Asker {
  /**
   * Calls `answer` at most once, later. False: there is nobody to ask now, so the rule's fallback decides at once.
   * Whoever asks keeps the deadline.
   */
  ask(question: FlowQuestion, answer: (answer: Answer) => void): boolean;
}

/** A gateway on its own asks nobody. */
export const STANDALONE: Asker = { ask: () => false };
