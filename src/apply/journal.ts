// SPDX-License-Identifier: Apache-2.0
/*
 * The journal: one small file, replaced atomically, that says at every moment which state counts. Replacing it with a marker begins a transaction,
 * replacing it without one ends it. So a transaction costs two writes of this file (plus what its parts write), whether it is confirmed or not.
 */
import { isEmpty, pruned } from "./values.ts";
import type { Items, State, Value } from "./types.ts";

export interface Journal {
  /** What a safe boot comes back to: the newest confirmed value of every key that a transaction ever touched. */
  confirmed: State;
  /** A transaction is under way: these values bring back what was before it. */
  marker?: { id: string; at?: string; old: State };
  /** The newest transaction that did not come through, and how often in a row. */
  failed?: { id: string; times: number; reason: string };
  /** How the newest transactions ended, oldest first. Written along with what is written anyway. */
  history?: readonly Past[];
}

/** `at`: ISO 8601, when it was begun, by the clock of then; absent when unknown. */
export interface Past { id: string; at?: string; result: "confirmed" | "rolled back"; reason?: string }

export const EMPTY: Journal = { confirmed: {} };
/** Keys that must be absent are remembered, too, but not for ever: names of devices come and go. */
const MAX_ABSENT = 128;
const MAX_REASON = 500;
const MAX_HISTORY = 8;

export function encodeJournal({ confirmed, marker, failed, history = [] }: Journal): string {
  const state = pruned(Object.fromEntries(Object.entries(confirmed).map(([part, items]) => [part, forgetful(items)])));
  return JSON.stringify({ format: 1, confirmed: state, marker, failed: failed && { ...failed, reason: failed.reason.slice(0, MAX_REASON) }, ...(history.length === 0 ? {} : { history }) });
}

/** Throws RangeError naming the field for anything that encodeJournal does not write. */
export function decodeJournal(text: string): Journal {
  const { format, confirmed, marker, failed, history } = object(parse(text), "journal");
  if (format !== 1) throw new RangeError(`format: expected 1, found ${JSON.stringify(format)}`);
  return {
    confirmed: stateOf(confirmed, "confirmed"),
    ...(marker === undefined ? {} : { marker: markerOf(object(marker, "marker")) }),
    ...(failed === undefined ? {} : { failed: failureOf(object(failed, "failed")) }),
    ...(history === undefined ? {} : { history: historyOf(history) }),
  };
}

/** After this these values count. What is known of transactions stays. */
export function withConfirmed({ confirmed, failed, history }: Journal, wanted: State): Journal {
  const parts = new Set([...Object.keys(confirmed), ...Object.keys(wanted)]);
  // The newest keys stand last, so that what is forgotten is the oldest.
  const merge = (part: string): Items => ({ ...without(confirmed[part] ?? {}, wanted[part] ?? {}), ...wanted[part] });
  return { confirmed: Object.fromEntries([...parts].map((part) => [part, merge(part)])), ...(failed ? { failed } : {}), ...(history ? { history } : {}) };
}

/** This transaction came through. */
export function withSuccess(journal: Journal, id: string, at: string | undefined, wanted: State): Journal {
  return { confirmed: withConfirmed(journal, wanted).confirmed, history: told(journal, { id, ...(at === undefined ? {} : { at }), result: "confirmed" }) };
}

/** One more try of this id did not come through. */
export function withFailure(journal: Journal, id: string, at: string | undefined, reason: string): Journal {
  const { confirmed, failed } = journal;
  return {
    confirmed, failed: { id, times: failed?.id === id ? failed.times + 1 : 1, reason },
    history: told(journal, { id, ...(at === undefined ? {} : { at }), result: "rolled back", reason: reason.slice(0, MAX_REASON) }),
  };
}

function told({ history = [] }: Journal, past: Past): Past[] {
  return [...history, past].slice(-MAX_HISTORY);
}

function without(items: Items, taken: Items): Items {
  return Object.fromEntries(Object.entries(items).filter(([key]) => !(key in taken)));
}

function forgetful(items: Items): Items {
  const absent = Object.keys(items).filter((key) => items[key] === null);
  const forgotten = new Set(absent.slice(0, Math.max(0, absent.length - MAX_ABSENT)));
  return forgotten.size === 0 ? items : Object.fromEntries(Object.entries(items).filter(([key]) => !forgotten.has(key)));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RangeError((error as Error).message);
  }
}

function object(value: unknown, field: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new RangeError(`${field}: expected an object`);
  return value as Record<string, unknown>;
}

function text(value: unknown, field: string): string {
  if (typeof value !== "string") throw new RangeError(`${field}: expected text`);
  return value;
}

function stateOf(value: unknown, field: string): State {
  return Object.fromEntries(Object.entries(object(value, field)).map(([part, items]) => [part, object(items, `${field}.${part}`) as Record<string, Value>]));
}

function markerOf({ id, at, old }: Record<string, unknown>): NonNullable<Journal["marker"]> {
  const state = stateOf(old, "marker.old");
  if (isEmpty(state)) throw new RangeError("marker.old: expected at least one value");
  return { id: text(id, "marker.id"), ...(at === undefined ? {} : { at: text(at, "marker.at") }), old: state };
}

function failureOf({ id, times, reason }: Record<string, unknown>): NonNullable<Journal["failed"]> {
  if (!Number.isSafeInteger(times)) throw new RangeError("failed.times: expected a whole number");
  return { id: text(id, "failed.id"), times: times as number, reason: text(reason, "failed.reason") };
}

function historyOf(value: unknown): Past[] {
  if (!Array.isArray(value)) throw new RangeError("history: expected a list");
  return value.map((each, index) => pastOf(object(each, `history[${index}]`), `history[${index}]`));
}

function pastOf({ id, at, result, reason }: Record<string, unknown>, field: string): Past {
  if (result !== "confirmed" && result !== "rolled back") throw new RangeError(`${field}.result: expected "confirmed" or "rolled back"`);
  return {
    id: text(id, `${field}.id`), ...(at === undefined ? {} : { at: text(at, `${field}.at`) }), result,
    ...(reason === undefined ? {} : { reason: text(reason, `${field}.reason`) }),
  };
}
