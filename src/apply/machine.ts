// SPDX-License-Identifier: Apache-2.0
/*
 * One transaction at a time, as a machine without I/O: `next` says what to do, `done` or `failed` how it went. A process that dies anywhere leaves
 * a journal from which `recover` reaches the old state or, once "confirming" is done, the new one.
 *
 *   rest -> marking -> applying -> checking -> probing -> syncing -> confirming -> rest
 *             |           +-----------+-----------+----------+            |
 *             |                       v                              remarking
 *             |   recover ->  undoing <-> comparing -> settling  <--------+
 *             +------------------------------------------> clearing -> rest
 */
import type { Millis } from "quickjs-ts";
import { encodeJournal, withConfirmed, withFailure, withSuccess, type Journal } from "./journal.ts";
import { Verdict } from "./probes.ts";
import type { Items, Outcome, Signs, State, Transaction } from "./types.ts";
import { differingState, isEmpty, joined, present } from "./values.ts";

export type Phase =
  /** Waits for `begin`. */
  | "rest"
  /** The marker is on its way to flash; nothing is changed yet. Failed: refused, but the file may have the marker all the same: clearing. */
  | "marking"
  /** Part by part. */
  | "applying"
  /** Reads back what was put: somebody else may write there, too. */
  | "checking"
  /** Waits until what worked before works again. */
  | "probing"
  /** What was put must outlive a power cut before the journal says so. */
  | "syncing"
  /** The journal without marker is on its way: the moment that decides. Failed: nobody knows which of the two is on flash, and both are right as long as nothing is undone. */
  | "confirming"
  /** The marker is written once more, so that undoing may begin. */
  | "remarking"
  /** The old values go back, last part first. A part that refuses is tried again for as long as it takes. */
  | "undoing"
  /** Reads back what was undone. */
  | "comparing"
  | "settling"
  /** The journal without marker is on its way. */
  | "clearing";

export type Action =
  | { do: "write"; journal: Journal }
  | { do: "put"; part: string; items: Items }
  /** Answer: the State of these keys. */
  | { do: "read"; keys: State }
  | { do: "sync"; parts: readonly string[] }
  /** Answer: Signs. */
  | { do: "look" }
  | { do: "wait"; until: Millis }
  | { do: "rest" };

export interface Limits {
  /** From the first change to the confirmation; then it is rolled back. A radio may listen for radar for 60 s after a change. */
  deadline: Millis;
  /** What worked before must work for this long. */
  settle: Millis;
  /** Between two looks. */
  interval: Millis;
}
export const LIMITS: Limits = { deadline: 120_000, settle: 3000, interval: 1000 };

const FIRST_RETRY: Millis = 1000;
const MAX_RETRY: Millis = 60_000;
const FORWARD: readonly Phase[] = ["applying", "checking", "probing", "syncing"];

export class Machine {
  #phase: Phase = "rest";
  #journal: Journal;
  readonly #limits: Limits;
  #transaction: Transaction & { old: State } = { id: "", wanted: {}, old: {} };
  #queue: [part: string, items: Items][] = [];
  #target: State = {};
  #verdict = new Verdict({}, 0);
  #deadline: Millis = Infinity;
  #late = "";
  #reason = "";
  /** What the journal will be when all is undone. */
  #cleared: Journal;
  #notBefore: Millis = 0;
  #delay = FIRST_RETRY;
  #outcome: Outcome | undefined;

  constructor(journal: Journal, limits: Limits = LIMITS) {
    this.#journal = journal;
    this.#cleared = journal;
    this.#limits = limits;
  }

  get phase(): Phase { return this.#phase; }
  /** As it is on flash, as far as that is known. */
  get journal(): Journal { return this.#journal; }
  /** Why it is rolled back, or what was refused last. */
  get reason(): string { return this.#reason; }
  get missing(): readonly string[] { return this.#phase === "probing" ? this.#verdict.missing : []; }

  /** Told once per `begin`. */
  takeOutcome(): Outcome | undefined {
    const outcome = this.#outcome;
    this.#outcome = undefined;
    return outcome;
  }

  /** Only at rest. `old`: what `wanted` replaces, the same keys. `before`: the signs now. */
  begin(now: Millis, transaction: Transaction & { old: State }, before: Signs): void {
    this.#transaction = transaction;
    this.#verdict = new Verdict(before, this.#limits.settle);
    this.#deadline = now + this.#limits.deadline;
    this.#late = `not confirmed within ${this.#limits.deadline / 1000} s`;
    this.#queue = Object.entries(transaction.wanted);
    this.#enter("marking");
  }

  /**
   * At a start. A marker is undone. `safe`: everything ever confirmed comes back, over whatever is there. `again`: values of volatile parts,
   * which a restart has lost.
   */
  recover(safe: boolean, again: State): void {
    const { marker, confirmed } = this.#journal;
    this.#target = joined(joined(again, marker?.old ?? {}), safe ? confirmed : {});
    this.#reason = marker ? "interrupted while it was applied: the power or the process failed" : "";
    this.#cleared = marker ? withFailure(this.#journal, marker.id, marker.at, this.#reason) : this.#journal;
    if (isEmpty(this.#target)) return;
    this.#queue = Object.entries(this.#target).reverse();
    this.#enter("undoing");
  }

  /** Somebody wants it undone. Without effect once it is being confirmed. */
  abort(now: Millis, reason: string): void {
    this.#deadline = Math.min(this.#deadline, now);
    this.#late = reason;
  }

  /** What ran well for long enough counts from now on. Only at rest; written by "clearing". */
  adopt(state: State): void {
    this.#cleared = withConfirmed(this.#journal, state);
    this.#reason = "";
    this.#enter("clearing");
  }

  next(now: Millis): Action {
    if (FORWARD.includes(this.#phase) && now >= this.#deadline) this.#undo(this.#lateReason());
    if (now < this.#notBefore) return { do: "wait", until: FORWARD.includes(this.#phase) ? Math.min(this.#notBefore, this.#deadline) : this.#notBefore };
    return this.#action();
  }

  #lateReason(): string {
    return this.#phase === "probing" && this.#verdict.missing.length > 0 ? `${this.#late}: no longer seen to work: ${this.#verdict.missing.join(", ")}` : this.#late;
  }

  #action(): Action {
    const { id, at, wanted, old } = this.#transaction;
    switch (this.#phase) {
      case "rest": return { do: "rest" };
      case "marking": case "remarking": return { do: "write", journal: { ...this.#journal, marker: markerOf(id, at, old) } };
      case "applying": case "undoing": return { do: "put", part: this.#queue[0]![0], items: this.#queue[0]![1] };
      case "checking": return { do: "read", keys: wanted };
      case "comparing": return { do: "read", keys: this.#target };
      case "probing": return { do: "look" };
      case "syncing": return { do: "sync", parts: Object.keys(wanted) };
      case "settling": return { do: "sync", parts: Object.keys(this.#target) };
      case "confirming": return { do: "write", journal: withSuccess(this.#journal, id, at, wanted) };
      case "clearing": return { do: "write", journal: this.#cleared };
    }
  }

  /** The action that `next` gave was carried out. */
  done(now: Millis, answer?: unknown): void {
    switch (this.#phase) {
      case "rest": return;
      case "marking": return this.#marked("applying");
      case "remarking": return this.#marked("undoing");
      case "applying": return this.#putOne("checking");
      case "undoing": return this.#putOne("comparing");
      case "checking": return this.#checked(answer as State);
      case "comparing": return this.#compared(now, answer as State);
      case "probing": return this.#looked(now, answer as Signs);
      case "syncing": return this.#enter("confirming");
      case "settling": return this.#settled();
      case "confirming": return this.#confirmed();
      case "clearing": return this.#rest();
    }
  }

  /** The action failed, or did as far as anybody can tell. */
  failed(now: Millis, reason: string): void {
    switch (this.#phase) {
      case "marking": return this.#refused(reason);
      case "applying": case "checking": case "syncing": return this.#undo(reason);
      case "probing": return this.#looked(now, {});
      case "confirming":
        this.#prepareUndo(`the confirmation could not be written: ${reason}`);
        return this.#enter("remarking");
      case "undoing":
        this.#queue.push(this.#queue.shift()!); // the others need not wait for it
    }
    this.#reason = reason;
    this.#later(now);
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    this.#notBefore = 0;
    this.#delay = FIRST_RETRY;
  }

  #later(now: Millis): void {
    this.#notBefore = now + this.#delay;
    this.#delay = Math.min(MAX_RETRY, this.#delay * 2);
  }

  #marked(phase: Phase): void {
    const { id, at, old } = this.#transaction;
    this.#journal = { ...this.#journal, marker: markerOf(id, at, old) };
    this.#enter(phase);
  }

  #putOne(then: Phase): void {
    this.#queue.shift();
    if (this.#queue.length === 0) this.#enter(then);
    else this.#notBefore = 0;
  }

  #checked(seen: State): void {
    const lost = differingState(this.#transaction.wanted, seen);
    if (isEmpty(lost)) return this.#enter("probing");
    this.#undo(`not in force after it was applied: ${Object.entries(lost).flatMap(([part, items]) => Object.keys(items).map((key) => `${part} ${key}`)).slice(0, 5).join(", ")}`);
  }

  #looked(now: Millis, signs: Signs): void {
    if (this.#verdict.saw(now, signs)) this.#enter("syncing");
    else this.#notBefore = now + this.#limits.interval;
  }

  #confirmed(): void {
    const { id, at, wanted } = this.#transaction;
    this.#journal = withSuccess(this.#journal, id, at, wanted);
    this.#outcome = { result: "confirmed" };
    this.#enter("rest");
  }

  #refused(reason: string): void {
    this.#reason = reason;
    this.#outcome = { result: "refused", reason };
    this.#cleared = this.#journal;
    this.#enter("clearing");
  }

  #undo(reason: string): void {
    this.#prepareUndo(reason);
    this.#enter("undoing");
  }

  #prepareUndo(reason: string): void {
    const { id, at, old } = this.#transaction;
    this.#reason = reason;
    this.#target = old;
    this.#cleared = withFailure(this.#journal, id, at, reason);
    this.#queue = Object.entries(old).reverse();
  }

  #compared(now: Millis, seen: State): void {
    const lost = differingState(present(this.#target, seen), seen);
    if (isEmpty(lost)) return this.#enter("settling");
    this.#queue = Object.entries(lost).reverse();
    this.#phase = "undoing";
    this.#later(now);
  }

  #settled(): void {
    if (this.#transaction.id !== "") this.#outcome = { result: "rolled back", reason: this.#reason };
    this.#enter("clearing");
    if (encodeJournal(this.#cleared) === encodeJournal(this.#journal)) this.#rest(); // nothing to write
  }

  #rest(): void {
    this.#journal = this.#cleared;
    this.#transaction = { id: "", wanted: {}, old: {} };
    this.#enter("rest");
  }
}

function markerOf(id: string, at: string | undefined, old: State): NonNullable<Journal["marker"]> {
  return { id, ...(at === undefined ? {} : { at }), old };
}
