// SPDX-License-Identifier: Apache-2.0
// Values between the wire (RFC 7047 section 5.1) and plain JavaScript, by column type.
import { ValueError } from "./errors.ts";
import { isArray, isObject, type Json } from "./json.ts";
import type { Atom, AtomicType, ColumnType, Input, NamedUuid, TableSchema, Value, WireValue } from "./types.ts";

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const minInteger = -(2n ** 63n), maxInteger = 2n ** 63n - 1n;

/** Throws ValueError naming `path`. */
export function decodeValue(wire: WireValue, type: ColumnType, path: string): Value {
  if (type.value !== undefined) return decodeMap(wire, type, type.value, path);
  const atoms = elements(wire, "set") ?? [wire];
  if (atoms.length > type.max) throw new ValueError(path, `at most ${type.max} element(s)`, atoms);
  if (type.max > 1) return atoms.map((atom) => decodeAtom(atom, type.key, path));
  if (atoms.length === 0) {
    if (type.min === 0) return undefined;
    throw new ValueError(path, "exactly one element", atoms);
  }
  return decodeAtom(atoms[0]!, type.key, path);
}

/** Throws ValueError naming `path`; a value that fits is never changed in meaning. */
export function encodeValue(input: Input, type: ColumnType, path: string): WireValue {
  if (type.value !== undefined) return encodeMap(input, type, type.value, path);
  if (type.max > 1 || Array.isArray(input)) {
    const atoms = input === undefined ? [] : Array.isArray(input) ? input : [input];
    if (atoms.length < type.min || atoms.length > type.max) throw new ValueError(path, `${type.min} to ${type.max} elements`, atoms);
    return ["set", atoms.map((atom: Atom | NamedUuid) => encodeAtom(atom, type.key, path, type.keyEnum))];
  }
  if (input === undefined && type.min === 0) return ["set", []];
  return encodeAtom(input as Atom | NamedUuid, type.key, path, type.keyEnum);
}

/** The value of a column that an insert did not name (section 5.2.1). */
export function defaultValue(type: ColumnType): Value {
  if (type.value !== undefined) return new Map();
  if (type.max > 1) return type.min === 0 ? [] : [zero(type.key)];
  return type.min === 0 ? undefined : zero(type.key);
}

/** Encodes the columns of a row to be written. Throws ValueError naming "Table.column". */
export function encodeRow(row: { readonly [column: string]: Input }, table: string, schema: TableSchema): { [column: string]: WireValue } {
  const result: { [column: string]: WireValue } = {};
  for (const column of Object.keys(row)) {
    const type = schema.columns[column];
    if (!type) throw new ValueError(`${table}.${column}`, `one of the columns ${Object.keys(schema.columns).join(", ")}`, column);
    result[column] = encodeValue(row[column], type, `${table}.${column}`);
  }
  return result;
}

/** Decodes a row of a select or a monitor; columns that the schema lacks are an error. */
export function decodeRow(wire: Json, table: string, schema: TableSchema): { [column: string]: Value } {
  if (!isObject(wire)) throw new ValueError(table, "a row", wire);
  const result: { [column: string]: Value } = {};
  for (const column of Object.keys(wire)) {
    const type = schema.columns[column];
    if (!type) throw new ValueError(`${table}.${column}`, "a column of the schema", column);
    result[column] = decodeValue(wire[column] ?? null, type, `${table}.${column}`);
  }
  return result;
}

function decodeMap(wire: WireValue, type: ColumnType, valueType: AtomicType, path: string): Map<Atom, Atom> {
  const pairs = elements(wire, "map");
  if (!pairs) throw new ValueError(path, '["map", [...]]', wire);
  const result = new Map<Atom, Atom>();
  for (const pair of pairs) {
    if (!isArray(pair) || pair.length !== 2) throw new ValueError(path, "pairs of key and value", pair);
    result.set(decodeAtom(pair[0]!, type.key, path), decodeAtom(pair[1]!, valueType, path));
  }
  if (result.size > type.max) throw new ValueError(path, `at most ${type.max} pair(s)`, result);
  return result;
}

function encodeMap(input: Input, type: ColumnType, valueType: AtomicType, path: string): WireValue {
  if (typeof input !== "object" || Array.isArray(input)) throw new ValueError(path, "a Map or an object", input);
  const pairs = input instanceof Map ? [...(input as Map<Atom, Atom>)] : Object.entries(input as { [key: string]: Atom });
  if (pairs.length < type.min || pairs.length > type.max) throw new ValueError(path, `${type.min} to ${type.max} pairs`, input);
  return ["map", pairs.map(([key, value]) => [encodeAtom(key, type.key, path, type.keyEnum), encodeAtom(value, valueType, path)])];
}

function decodeAtom(wire: WireValue, type: AtomicType, path: string): Atom {
  if (type === "uuid") {
    if (isArray(wire) && wire.length === 2 && wire[0] === "uuid" && typeof wire[1] === "string" && uuidPattern.test(wire[1])) return wire[1];
  } else if (isNative(wire, type)) return wire;
  throw new ValueError(path, type, wire);
}

function encodeAtom(input: Atom | NamedUuid | undefined, type: AtomicType, path: string, allowed?: readonly Atom[]): WireValue {
  if (type === "uuid") {
    if (typeof input === "object") return ["named-uuid", input.named];
    if (typeof input === "string" && uuidPattern.test(input)) return ["uuid", input];
  } else if (typeof input !== "object" && input !== undefined && isNative(input, type)) {
    if (allowed && !allowed.includes(input)) throw new ValueError(path, `one of ${allowed.join(", ")}`, input);
    return input;
  }
  throw new ValueError(path, type, input);
}

function isNative(value: Json, type: AtomicType): value is Atom {
  switch (type) {
    case "integer": return Number.isSafeInteger(value) || (typeof value === "bigint" && value >= minInteger && value <= maxInteger);
    case "real": return typeof value === "number" ? Number.isFinite(value) : typeof value === "bigint";
    case "boolean": return typeof value === "boolean";
    default: return typeof value === "string";
  }
}

/** Members of ["set", [...]] or ["map", [...]]; undefined when `wire` is neither. */
function elements(wire: WireValue, tag: "set" | "map"): readonly Json[] | undefined {
  return isArray(wire) && wire.length === 2 && wire[0] === tag && isArray(wire[1]) ? wire[1] : undefined;
}

function zero(type: AtomicType): Atom {
  switch (type) {
    case "integer": case "real": return 0;
    case "boolean": return false;
    case "uuid": return "00000000-0000-0000-0000-000000000000";
    default: return "";
  }
}
