// SPDX-License-Identifier: Apache-2.0
// Comparing and joining states.
import type { Items, State, Value } from "./types.ts";

export function sameValue(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object" || Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [a as Record<string, Value>, b as Record<string, Value>];
  const names = Object.keys(left);
  return names.length === Object.keys(right).length && names.every((name) => name in right && sameValue(left[name]!, right[name]!));
}

/** The items of `wanted` that `seen` has otherwise; a key that `seen` lacks counts as null. */
export function differing(wanted: Items, seen: Items): Items {
  return Object.fromEntries(Object.entries(wanted).filter(([key, value]) => !sameValue(value, seen[key] ?? null)));
}

/** As `differing`, part by part; parts without a difference are left out. */
export function differingState(wanted: State, seen: State): State {
  return pruned(Object.fromEntries(Object.entries(wanted).map(([part, items]) => [part, differing(items, seen[part] ?? {})])));
}

/** `over` counts where both have a key. */
export function joined(under: State, over: State): State {
  const parts = new Set([...Object.keys(under), ...Object.keys(over)]);
  return Object.fromEntries([...parts].map((part) => [part, { ...under[part], ...over[part] }]));
}

/** Only the keys that `like` has. */
export function restricted(state: State, like: State): State {
  const pick = (part: string, keys: readonly string[]): Items => Object.fromEntries(keys.map((key) => [key, state[part]?.[key] ?? null]));
  return Object.fromEntries(Object.entries(like).map(([part, items]) => [part, pick(part, Object.keys(items))]));
}

/** Without the keys that were looked for and for which there is no place. */
export function present(state: State, seen: State): State {
  return Object.fromEntries(Object.entries(state).map(([part, items]) => [part, Object.fromEntries(Object.entries(items).filter(([key]) => key in (seen[part] ?? {})))]));
}

export function pruned(state: State): State {
  return Object.fromEntries(Object.entries(state).filter(([, items]) => Object.keys(items).length > 0));
}

export function isEmpty(state: State): boolean {
  return Object.values(state).every((items) => Object.keys(items).length === 0);
}
