// SPDX-License-Identifier: Apache-2.0
// Builds the operations of one transaction from plain values, by the schema.
import { ValueError } from "./errors.ts";
import type { Condition, Mutation, Operation, OperationResult } from "./protocol.ts";
import type { ColumnType, DatabaseSchema, Input, NamedUuid, Row, TableSchema } from "./types.ts";
import { decodeRow, encodeRow, encodeValue } from "./value.ts";

/** As Condition and Mutation, with a plain value. */
export type PlainCondition = readonly [column: string, test: Exclude<Condition, boolean>[1], value: Input] | boolean;
export type PlainMutation = readonly [column: string, mutator: Mutation[1], value: Input];
export type PlainRow = { readonly [column: string]: Input };

/** Every method throws ValueError naming "Table.column" for what does not fit the schema. */
export class Transaction {
  readonly operations: Operation[] = [];
  constructor(readonly schema: DatabaseSchema) {}

  /** Returns the name by which other rows of this transaction may refer to the new one. */
  insert(table: string, row: PlainRow): NamedUuid {
    const named = `row${this.operations.length}`;
    this.operations.push({ op: "insert", table, row: encodeRow(row, table, this.#table(table)), "uuid-name": named });
    return { named };
  }

  select(table: string, where: readonly PlainCondition[], columns?: readonly string[]): this {
    return this.#push({ op: "select", table, where: this.#where(table, where), ...(columns && { columns }) });
  }

  update(table: string, where: readonly PlainCondition[], row: PlainRow): this {
    return this.#push({ op: "update", table, where: this.#where(table, where), row: encodeRow(row, table, this.#table(table)) });
  }

  mutate(table: string, where: readonly PlainCondition[], mutations: readonly PlainMutation[]): this {
    const encoded = mutations.map(([column, mutator, value]): Mutation => [column, mutator, this.#loose(table, column, value, mutator === "delete")]);
    return this.#push({ op: "mutate", table, where: this.#where(table, where), mutations: encoded });
  }

  delete(table: string, where: readonly PlainCondition[]): this {
    return this.#push({ op: "delete", table, where: this.#where(table, where) });
  }

  /** The transaction goes on once the rows are (or are not) as given; `timeout` 0 fails at once with "timed out". */
  wait(table: string, where: readonly PlainCondition[], until: "==" | "!=", rows: readonly PlainRow[], timeout?: number): this {
    const columns = Object.keys(rows[0] ?? {});
    const encoded = rows.map((row) => encodeRow(row, table, this.#table(table)));
    return this.#push({ op: "wait", table, where: this.#where(table, where), columns, until, rows: encoded, ...(timeout !== undefined && { timeout }) });
  }

  comment(comment: string): this {
    return this.#push({ op: "comment", comment });
  }

  /** Put last: the answer comes when the transaction is on disk (RFC 7047, 5.2.7). */
  durable(): this {
    return this.#push({ op: "commit", durable: true });
  }

  /** Fails with "not owner" unless this client has the lock. */
  assert(lock: string): this {
    return this.#push({ op: "assert", lock });
  }

  /** The rows that the select at `index` found. */
  rows(index: number, results: readonly OperationResult[]): Row[] {
    const operation = this.operations[index];
    if (operation?.op !== "select") throw new TypeError(`operation ${index} is no select`);
    return (results[index]?.rows ?? []).map((row) => decodeRow(row, operation.table, this.#table(operation.table)) as Row);
  }

  #push(operation: Operation): this {
    this.operations.push(operation);
    return this;
  }

  #where(table: string, conditions: readonly PlainCondition[]): Condition[] {
    return conditions.map((condition) => (typeof condition === "boolean" ? condition : [condition[0], condition[1], this.#loose(table, condition[0], condition[2])]));
  }

  // A condition or mutation takes any number of elements: a subset of the column's. Deleting from a map takes keys alone as well (section 5.1).
  #loose(table: string, column: string, value: Input, keysOnly = false): Mutation[2] {
    const type = this.#table(table).columns[column];
    if (!type) throw new ValueError(`${table}.${column}`, "a column of the schema", column);
    const loose: ColumnType = keysOnly && Array.isArray(value) ? { ...type, value: undefined } : type;
    return encodeValue(value, loose.max > 1 || loose.value || Array.isArray(value) ? { ...loose, min: 0, max: Infinity } : loose, `${table}.${column}`);
  }

  #table(name: string): TableSchema {
    const table = this.schema.tables[name];
    if (!table) throw new ValueError(name, `a table of ${this.schema.name}`, name);
    return table;
  }
}
