// SPDX-License-Identifier: Apache-2.0
/*
 * What a monitor shows of a database, in memory. Never shows half a transaction: an update is decoded as a whole before the first row changes,
 * and listeners are called after the last one. Rows that do not fit raise DoubtError, and nothing changes: the owner resynchronises with `load`.
 */
import { ProtocolError, ValueError } from "./errors.ts";
import { isObject, type Json } from "./json.ts";
import type { ColumnType, DatabaseSchema, Row, TableSchema, Uuid, Value } from "./types.ts";
import { decodeRow, decodeValue, defaultValue } from "./value.ts";

/** The replica and the server disagree; only a new dump helps. */
export class DoubtError extends Error {
  override readonly name = "DoubtError";
}

/** One row's way through one transaction: inserted without `before`, deleted without `after`. */
export interface Change {
  readonly table: string;
  readonly uuid: Uuid;
  readonly before: Row | undefined;
  readonly after: Row | undefined;
}

/** 1: `update` (RFC 7047 section 4.1.6), full old and new rows. 2: `update2` and `update3` (ovsdb-server(7)), differences. */
export type UpdateFormat = 1 | 2;
export type ChangeListener = (changes: readonly Change[]) => void;

/** Columns of the replica's tables. */
export type ReplicaTables = { readonly [table: string]: { readonly columns?: readonly string[] } };

export class Replica {
  /** Whether the rows are the server's as far as is known. False before the first dump and while a lost connection is not made up for: the rows are those of before. */
  synchronized = false;
  #tables = new Map<string, Map<Uuid, Row>>();
  readonly #schemas = new Map<string, TableSchema>();
  readonly #listeners = new Set<ChangeListener>();

  /** Throws ValueError for a table or column that the schema lacks. */
  constructor(schema: DatabaseSchema, tables: ReplicaTables) {
    for (const [name, { columns }] of Object.entries(tables)) {
      const table = schema.tables[name];
      if (!table) throw new ValueError(name, `a table of ${schema.name}`, name);
      this.#schemas.set(name, columns ? narrow(table, name, columns) : table);
      this.#tables.set(name, new Map());
    }
  }

  /** Rows of a table that is monitored. */
  table(name: string): ReadonlyMap<Uuid, Row> {
    const rows = this.#tables.get(name);
    if (!rows) throw new ValueError(name, `one of the monitored tables ${[...this.#tables.keys()].join(", ")}`, name);
    return rows;
  }

  /** Calls `listener` after each transaction, also after a dump that made up for a gap (with the net difference). Returns what ends it. */
  onChange(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Replaces everything by a dump. */
  load(update: Json, format: UpdateFormat): void {
    const tables = new Map([...this.#tables.keys()].map((name) => [name, new Map<Uuid, Row>()]));
    for (const { table, uuid, after } of this.#decode(update, format, tables)) tables.get(table)!.set(uuid, after!);
    const changes = [...difference(this.#tables, tables)];
    this.#tables = tables;
    this.synchronized = true;
    this.#tell(changes);
  }

  /** Applies the update of one transaction. */
  apply(update: Json, format: UpdateFormat): void {
    const changes = [...this.#decode(update, format, this.#tables)];
    for (const { table, uuid, after } of changes) {
      if (after) this.#tables.get(table)!.set(uuid, after);
      else this.#tables.get(table)!.delete(uuid);
    }
    this.#tell(changes);
  }

  #tell(changes: readonly Change[]): void {
    if (changes.length > 0) for (const listener of [...this.#listeners]) listener(changes);
  }

  *#decode(update: Json, format: UpdateFormat, base: ReadonlyMap<string, ReadonlyMap<Uuid, Row>>): Iterable<Change> {
    if (!isObject(update)) throw new DoubtError("update: expected an object of tables");
    for (const table of Object.keys(update)) {
      const schema = this.#schemas.get(table);
      const rows = update[table];
      if (!schema || !isObject(rows)) throw new DoubtError(`update: ${table}: expected rows of a monitored table`);
      for (const uuid of Object.keys(rows)) {
        const before = base.get(table)!.get(uuid);
        yield { table, uuid, before, after: decodeChange(rows[uuid] ?? null, format, { table, schema, uuid, before }) };
      }
    }
  }
}

interface Place {
  table: string;
  schema: TableSchema;
  uuid: Uuid;
  before: Row | undefined;
}

function decodeChange(wire: Json, format: UpdateFormat, place: Place): Row | undefined {
  try {
    if (!isObject(wire)) throw new ProtocolError("expected an object");
    return format === 1 ? decodeUpdate(wire, place) : decodeUpdate2(wire, place);
  } catch (error) {
    if (error instanceof DoubtError) throw error;
    throw new DoubtError(`update: ${place.table} ${place.uuid}: ${(error as Error).message}`);
  }
}

function decodeUpdate(wire: { readonly [key: string]: Json | undefined }, place: Place): Row | undefined {
  expect("old" in wire === (place.before !== undefined), place);
  return wire["new"] === undefined ? undefined : { ...decodeRow(wire["new"], place.table, place.schema), _uuid: place.uuid };
}

function decodeUpdate2(wire: { readonly [key: string]: Json | undefined }, place: Place): Row | undefined {
  const fresh = wire["initial"] ?? wire["insert"];
  expect((fresh === undefined) === (place.before !== undefined), place);
  if (fresh !== undefined) return { ...defaults(place.schema), ...decodeRow(fresh, place.table, place.schema), _uuid: place.uuid };
  if ("delete" in wire) return undefined;
  const { modify } = wire;
  if (!isObject(modify)) throw new ProtocolError("expected initial, insert, modify or delete");
  return modifiedRow(modify, place);
}

function modifiedRow(modify: { readonly [column: string]: Json | undefined }, { table, schema, before }: Place): Row {
  const row: { [column: string]: Value } = { ...before };
  for (const column of Object.keys(modify)) {
    const type = schema.columns[column];
    if (!type) throw new ValueError(`${table}.${column}`, "a monitored column", column);
    row[column] = modifiedValue(before![column], modify[column] ?? null, type, `${table}.${column}`);
  }
  return row as Row;
}

/** ovsdb-server(7) "Update2 Notification": one element: the new value; sets: symmetric difference; maps: pairs added or changed, and those removed with their old value. */
function modifiedValue(before: Value, wire: Json, type: ColumnType, path: string): Value {
  if (type.value === undefined && type.max === 1) return decodeValue(wire, type, path);
  const difference = decodeValue(wire, { ...type, min: 0, max: Infinity }, path);
  if (type.value === undefined) return symmetricDifference(before as readonly (string | number)[], difference as readonly (string | number)[]);
  const result = new Map(before as ReadonlyMap<string, string>);
  for (const [key, value] of difference as ReadonlyMap<string, string>) {
    if (result.get(key) === value) result.delete(key);
    else result.set(key, value);
  }
  return result;
}

function symmetricDifference<T>(one: readonly T[], other: readonly T[]): T[] {
  const result = new Set(one);
  for (const element of other) if (!result.delete(element)) result.add(element);
  return [...result];
}

function expect(consistent: boolean, { table, uuid, before }: Place): void {
  if (!consistent) throw new DoubtError(`update: ${table} ${uuid}: ${before ? "inserted a row that is there" : "changed a row that is not there"}`);
}

function defaults(schema: TableSchema): { [column: string]: Value } {
  const row: { [column: string]: Value } = {};
  for (const column of Object.keys(schema.columns)) if (column[0] !== "_") row[column] = defaultValue(schema.columns[column]!);
  return row;
}

function narrow(table: TableSchema, name: string, columns: readonly string[]): TableSchema {
  const kept: { [column: string]: ColumnType } = {};
  for (const column of columns) {
    const type = table.columns[column];
    if (!type) throw new ValueError(`${name}.${column}`, "a column of the schema", column);
    kept[column] = type;
  }
  return { ...table, columns: kept };
}

function* difference(old: ReadonlyMap<string, ReadonlyMap<Uuid, Row>>, now: ReadonlyMap<string, Map<Uuid, Row>>): Iterable<Change> {
  for (const [table, rows] of now) {
    const former = old.get(table)!;
    for (const [uuid, before] of former) if (!rows.has(uuid)) yield { table, uuid, before, after: undefined };
    for (const [uuid, after] of rows) {
      const before = former.get(uuid);
      if (before && equalRows(before, after)) rows.set(uuid, before);
      else yield { table, uuid, before, after };
    }
  }
}

function equalRows(one: Row, other: Row): boolean {
  const columns = Object.keys(one);
  return columns.length === Object.keys(other).length && columns.every((column) => equalValues(one[column], other[column]));
}

/** Whether two values of one column type are the same set, map or atom. */
export function equalValues(one: Value, other: Value): boolean {
  if (one instanceof Map && other instanceof Map) return one.size === other.size && [...one].every(([key, value]) => other.get(key) === value);
  if (!Array.isArray(one) || !Array.isArray(other)) return one === other;
  if (one.length !== other.length) return false;
  const elements = new Set(other);
  return one.every((element) => elements.has(element));
}
