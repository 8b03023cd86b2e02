// SPDX-License-Identifier: Apache-2.0
import { Double, Int16, Int8, type Table, type Value } from "./value.ts";

/** JSON text as ubus's own tools have it: INT64 as digits (JSON.stringify refuses bigints), a double that is no number as null. */
export function formatJson(value: Value, indent = 0): string {
  return format(value, indent > 0 ? `\n${" ".repeat(indent)}` : "", indent > 0 ? "\n" : "", indent);
}

function format(value: Value, inner: string, outer: string, indent: number): string {
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (value instanceof Double || value instanceof Int16) return JSON.stringify(value.value);
  if (value instanceof Int8) return "true"; // as every consumer of INT8 sees it
  const [open, close, items] = Array.isArray(value) ? ["[", "]", elements(value, inner, indent)] : ["{", "}", members(value, inner, indent)];
  return items.length === 0 ? open + close : `${open}${inner}${items.join(`,${inner}`)}${outer}${close}`;
}

const deeper = (inner: string, indent: number): string => (inner ? inner + " ".repeat(indent) : "");

function elements(array: Value[], inner: string, indent: number): string[] {
  return array.map((element) => format(element, deeper(inner, indent), inner, indent));
}

function members(table: Table, inner: string, indent: number): string[] {
  return Object.entries(table).flatMap(([name, value]) => (value === undefined ? [] : [`${JSON.stringify(name)}:${inner && " "}${format(value, deeper(inner, indent), inner, indent)}`]));
}
