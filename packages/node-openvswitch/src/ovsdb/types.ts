// SPDX-License-Identifier: Apache-2.0
// Values of OVSDB in the two shapes they have here: on the wire (RFC 7047 section 5.1) and in plain JavaScript.
import type { Json } from "./json.ts";

/** "550e8400-e29b-41d4-a716-446655440000". */
export type Uuid = string;

/** Integers beyond 2^53 are bigint; UUIDs are strings. */
export type Atom = string | number | bigint | boolean;

/** A row that an insert of the same transaction creates under this name (its "uuid-name"). */
export interface NamedUuid {
  named: string;
}

/**
 * A column's value by its type (section 3.2): exactly one -> atom; at most one -> atom or undefined; more -> array; map -> Map.
 * Order within arrays and maps carries no meaning.
 */
export type Value = Atom | undefined | readonly Atom[] | ReadonlyMap<Atom, Atom>;

/** What may be written: in place of a UUID a NamedUuid, in place of a Map a plain object with string keys. */
export type Input = Atom | NamedUuid | undefined | readonly (Atom | NamedUuid)[] | ReadonlyMap<Atom, Atom | NamedUuid> | { readonly [key: string]: Atom | NamedUuid };

/** A row as the replica shows it. Never changed once given out; a changed row is a new object. */
export type Row = { readonly _uuid: Uuid } & { readonly [column: string]: Value };

export type AtomicType = "integer" | "real" | "boolean" | "string" | "uuid";

export interface ColumnType {
  key: AtomicType;
  /** Present for maps. */
  value?: AtomicType;
  min: 0 | 1;
  max: number;
  /** Tables that UUIDs in `key` and `value` refer to. */
  keyTable?: string;
  valueTable?: string;
  /** Allowed values of `key`. */
  keyEnum?: readonly Atom[];
  mutable: boolean;
}

export interface TableSchema {
  columns: { readonly [column: string]: ColumnType };
  isRoot: boolean;
  maxRows?: number;
  indexes: readonly (readonly string[])[];
}

export interface DatabaseSchema {
  name: string;
  version: string;
  tables: { readonly [table: string]: TableSchema };
}

/** Wire shape of any value: an atom, ["uuid", u], ["named-uuid", n], ["set", [...]] or ["map", [[k, v], ...]]. */
export type WireValue = Json;
