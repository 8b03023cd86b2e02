// SPDX-License-Identifier: Apache-2.0
import { findField } from "../fields.ts";
import { partOf } from "../subfields.ts";
import type { Subfield } from "../types.ts";
import { number, TextError } from "./scan.ts";

/** "NXM_NX_REG0[0..7]", "reg0[3]", "eth_src[]" or "eth_src"; undefined when it is none. */
export function tryParseSubfield(text: string): Subfield | undefined {
  const parts = /^([A-Za-z_][A-Za-z0-9_]*)(?:\[(?:(\d+)(?:\.\.(\d+))?)?\])?$/.exec(text.trim());
  const field = parts ? findField(parts[1]!) : undefined;
  if (!parts || !field) return undefined;
  if (parts[2] === undefined) return { field: field.name };
  const start = number(parts[2]);
  const bits = parts[3] === undefined ? 1 : number(parts[3]) - start + 1;
  if (bits < 1 || start + bits > Math.max(field.bits, field.name === "vlan_vid" ? 13 : 0)) throw new TextError(text, `${field.name} has ${field.bits} bits`);
  return start === 0 && bits === field.bits ? { field: field.name } : { field: field.name, start, bits };
}

export function parseSubfield(text: string): Subfield {
  const subfield = tryParseSubfield(text);
  if (subfield === undefined) throw new TextError(text, "expected a field such as reg0[0..7]");
  return subfield;
}

export function formatSubfield(subfield: Subfield): string {
  if (subfield.start === undefined && subfield.bits === undefined) return `${subfield.field}[]`;
  const { start, bits } = partOf(subfield, "subfield");
  return bits === 1 ? `${subfield.field}[${start}]` : `${subfield.field}[${start}..${start + bits - 1}]`;
}
