// SPDX-License-Identifier: Apache-2.0
// The schema as get_schema returns it (RFC 7047 section 3.2), reduced to what values need.
import { ProtocolError } from "./errors.ts";
import { isArray, isObject, type Json } from "./json.ts";
import { decodeValue } from "./value.ts";
import type { Atom, AtomicType, ColumnType, DatabaseSchema, TableSchema } from "./types.ts";

const atomicTypes: readonly string[] = ["integer", "real", "boolean", "string", "uuid"];
/** Every row has it, though no schema lists it (section 3.2). */
const rowUuid: ColumnType = { key: "uuid", min: 1, max: 1, mutable: false };

/** Throws ProtocolError naming the table and column. */
export function decodeSchema(json: Json): DatabaseSchema {
  const { name, version, tables } = members(json, "schema");
  if (typeof name !== "string") throw new ProtocolError("schema: name: expected a string");
  return { name, version: typeof version === "string" ? version : "", tables: mapMembers(members(tables, "schema: tables"), decodeTable) };
}

function decodeTable(json: Json, path: string): TableSchema {
  const { columns, isRoot, maxRows, indexes } = members(json, path);
  return {
    columns: { _uuid: rowUuid, _version: rowUuid, ...mapMembers(members(columns, `${path}.columns`), (column, name) => decodeColumn(column, `${path}.${name}`)) },
    isRoot: isRoot === true,
    ...(typeof maxRows === "number" && { maxRows }),
    indexes: isArray(indexes) ? (indexes as string[][]) : [],
  };
}

function decodeColumn(json: Json, path: string): ColumnType {
  const { type, mutable } = members(json, path);
  const whole = isObject(type) ? type : { key: type };
  const key = decodeBase(whole["key"], path);
  const value = whole["value"] === undefined ? undefined : decodeBase(whole["value"], path);
  const { min = 1, max = 1 } = whole;
  if ((min !== 0 && min !== 1) || (max !== "unlimited" && !(typeof max === "number" && max >= 1))) throw new ProtocolError(`schema: ${path}: expected min 0 or 1 and max at least 1`);
  return {
    key: key.type, min, max: max === "unlimited" ? Infinity : max, mutable: mutable !== false,
    ...(value && { value: value.type }), ...(key.table && { keyTable: key.table }), ...(value?.table && { valueTable: value.table }), ...(key.allowed && { keyEnum: key.allowed }),
  };
}

function decodeBase(json: Json | undefined, path: string): { type: AtomicType; table?: string; allowed?: readonly Atom[] } {
  const { type, refTable, enum: allowed } = isObject(json) ? json : { type: json, refTable: undefined, enum: undefined };
  if (typeof type !== "string" || !atomicTypes.includes(type)) throw new ProtocolError(`schema: ${path}: expected an atomic type`);
  const atomic = type as AtomicType;
  return {
    type: atomic,
    ...(typeof refTable === "string" && { table: refTable }),
    ...(allowed !== undefined && { allowed: decodeValue(allowed, { key: atomic, min: 0, max: Infinity, mutable: false }, path) as Atom[] }),
  };
}

function members(json: Json | undefined, path: string): { readonly [key: string]: Json | undefined } {
  if (!isObject(json)) throw new ProtocolError(`${path}: expected an object`);
  return json;
}

function mapMembers<T>(object: { readonly [key: string]: Json | undefined }, decode: (json: Json, name: string) => T): { [key: string]: T } {
  const result = Object.create(null) as { [key: string]: T };
  for (const name of Object.keys(object)) result[name] = decode(object[name] ?? null, name);
  return result;
}
