// SPDX-License-Identifier: Apache-2.0

/** PostgreSQL's text and jsonb hold neither NUL nor half a surrogate pair (its manual, 8.14): they become U+FFFD, so that no message of a gateway is one that cannot be stored. */
export function storable<T>(value: T): T {
  if (typeof value === "string") return value.replace(/\0|\p{Surrogate}/gu, "\ufffd") as T;
  if (Array.isArray(value)) return value.map(storable) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [storable(name), storable(field)])) as T;
}

/** Years that timestamptz and Date can both say. */
const LATEST = Date.UTC(9999, 11, 31);

/** `instant`, or `otherwise` when it is none that can be stored. */
export function storableInstant(instant: number | undefined, otherwise: number): Date {
  return new Date(instant !== undefined && instant >= 0 && instant < LATEST ? instant : otherwise);
}
