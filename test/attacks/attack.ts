// SPDX-License-Identifier: Apache-2.0
// What an attack is, and what it may use. Attacks know no topology: a field gives them stations, the router and the network's addresses.
import type { Field } from "./field.ts";

export const targets = ["plain", "intelligent-edge", "thin-edge"] as const;
/** "plain": an access point as it comes, with an ordinary switch: what does not succeed there proves nothing elsewhere. */
export type Target = (typeof targets)[number];
export type Result = "succeeds" | "blocked" | "not-applicable";

export interface Attack {
  /** Stable name: lower-case words with hyphens. The file has the same. */
  slug: string;
  /** What the attacker must have or be able to do. */
  needs: string;
  /** What it is good for. */
  gains: string;
  /** The rule or setting that stops it. */
  stoppedBy: string;
  /** What must come of it, where that is not "succeeds" on plain and "blocked" on the edges. */
  expected?: Partial<Record<Target, Result>>;
  /** Why it succeeds on an edge and what an operator can do, or why it does not apply. */
  reasons?: Partial<Record<Target, string>>;
  /** The victim itself may suffer: peer and distant talk beside it, else victim and peer. */
  takesVictim?: boolean;
  /**
   * Sends real frames; true when it succeeded: what it is after was seen to happen, told by a nonce of this attempt or by a count.
   * Puts everything back. Rejects when it could not be carried out, which is no defence.
   */
  run(field: Field): Promise<boolean>;
}

export const expectedOf = (attack: Attack, target: Target): Result => attack.expected?.[target] ?? (target === "plain" ? "succeeds" : "blocked");
