// SPDX-License-Identifier: Apache-2.0
import { findField } from "../fields.ts";
import { partOf } from "../subfields.ts";
import type { Action, LearnSpec, Subfield } from "../types.ts";
import { bitsToBytes, toBits } from "../values.ts";
import { integer, type Item, number, scan, TextError } from "./scan.ts";
import { formatSubfield, parseSubfield, tryParseSubfield } from "./subfields.ts";
import { parseValue, type PortNames } from "./values.ts";

type Learn = Extract<Action, { type: "learn" }>;

const FLAGS: Readonly<Record<string, number>> = { send_flow_rem: 1, delete_learned: 2 };
const NUMBERS = {
  idle_timeout: "idleTimeout", hard_timeout: "hardTimeout", priority: "priority", table: "table", fin_idle_timeout: "finIdleTimeout",
  fin_hard_timeout: "finHardTimeout", limit: "limit",
} as const;

export function parseLearn(text: string, ports: PortNames): Learn {
  const learn: Learn = { type: "learn", table: 1, specs: [] };
  for (const item of scan(text)) addItem(learn, item, ports);
  return learn;
}

function addItem(learn: Learn, item: Item, ports: PortNames): void {
  const { key, value } = item;
  const member = NUMBERS[key as keyof typeof NUMBERS];
  if (member !== undefined) learn[member] = number(value);
  else if (key === "cookie") learn.cookie = integer(value);
  else if (key === "result_dst") learn.resultDestination = parseSubfield(value);
  else if (FLAGS[key] !== undefined && value === "") learn.flags = (learn.flags ?? 0) | FLAGS[key]!;
  else learn.specs.push(parseSpec(item, ports));
}

function parseSpec({ key, value, text }: Item, ports: PortNames): LearnSpec {
  if (key === "output") return { type: "output", source: parseSubfield(value) };
  if (key === "load") return parseLoad(value);
  const destination = parseSubfield(key);
  if (value === "") return { type: "match-field", destination, source: destination };
  const source = /^\d/.test(value) ? undefined : tryParseSubfield(value);
  if (source) return { type: "match-field", destination, source };
  const field = findField(destination.field)!;
  const parsed = key.includes("[") ? integer(value, 128) : parseValue(field, value, ports);
  if (typeof parsed === "object" && "mask" in parsed) throw new TextError(text, "cannot be masked");
  return { type: "match-immediate", destination, value: immediate(destination, toBits(parsed)) };
}

function parseLoad(text: string): LearnSpec {
  const [from, to, more] = text.split("->");
  if (from === undefined || to === undefined || more !== undefined) throw new TextError(text, "expected value->field or field->field");
  const destination = parseSubfield(to);
  const source = tryParseSubfield(from);
  return source ? { type: "load-field", destination, source } : { type: "load-immediate", destination, value: immediate(destination, integer(from, 128)) };
}

function immediate(destination: Subfield, value: bigint): Uint8Array {
  const { bits } = partOf(destination, "learn");
  if (value >> BigInt(bits) !== 0n) throw new TextError(String(value), `does not fit in ${bits} bits`);
  return bitsToBytes(value, Math.ceil(bits / 8));
}

export function formatLearn(learn: Learn): string {
  const parts = [`table=${learn.table}`];
  for (const [name, member] of Object.entries(NUMBERS)) if (member !== "table" && learn[member] !== undefined) parts.push(`${name}=${learn[member]}`);
  if (learn.cookie !== undefined) parts.push(`cookie=0x${learn.cookie.toString(16)}`);
  for (const name in FLAGS) if ((learn.flags ?? 0) & FLAGS[name]!) parts.push(name);
  if (learn.resultDestination) parts.push(`result_dst=${formatSubfield(learn.resultDestination)}`);
  return `learn(${[...parts, ...learn.specs.map(formatSpec)].join(",")})`;
}

function formatSpec(spec: LearnSpec): string {
  switch (spec.type) {
    case "output": return `output:${formatSubfield(spec.source)}`;
    case "match-field": return `${formatSubfield(spec.destination)}=${formatSubfield(spec.source)}`;
    case "load-field": return `load:${formatSubfield(spec.source)}->${formatSubfield(spec.destination)}`;
    case "load-immediate": return `load:0x${toBits(spec.value).toString(16)}->${formatSubfield(spec.destination)}`;
    case "match-immediate": return `${formatPart(spec.destination)}=0x${toBits(spec.value).toString(16)}`;
  }
}

/** With bits always, so that the value is read as a plain number whatever the field is. */
function formatPart(subfield: Subfield): string {
  const { start, bits } = partOf(subfield, "learn");
  return bits === 1 ? `${subfield.field}[${start}]` : `${subfield.field}[${start}..${start + bits - 1}]`;
}
