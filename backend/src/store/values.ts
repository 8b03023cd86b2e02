// SPDX-License-Identifier: Apache-2.0

/** ISO 8601 of a timestamptz. */
export function iso(value: Date | string): string {
  return new Date(value).toISOString();
}

/** Of a column that may be NULL. */
export function optionalIso(value: Date | string | null): string | undefined {
  return value === null ? undefined : iso(value);
}

/** Leaves out what is undefined or NULL: rows as the API shows them. */
export function present<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], null> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null)) as { [K in keyof T]: Exclude<T[K], null> };
}
