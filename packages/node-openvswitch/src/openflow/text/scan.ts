// SPDX-License-Identifier: Apache-2.0

/** Text that is not ovs-ofctl's syntax, or not supported here. `near` is the piece that was not understood. */
export class TextError extends Error {
  override readonly name = "TextError";
  constructor(readonly near: string, readonly detail: string) {
    super(`"${near}": ${detail}`);
  }
}

/** "key=value", "key:value", "key(value)" or a lone "key" (then `value` is ""). `tail`: what follows the closing parenthesis up to the comma. */
export interface Item {
  key: string;
  value: string;
  tail: string;
  text: string;
}

/** Splits at commas and white space outside parentheses, and each piece at its first ":", "=" or "(". */
export function scan(text: string): Item[] {
  return split(text, ", \t\r\n").map(item);
}

export function split(text: string, separators: string): string[] {
  const pieces: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i <= text.length; i++) {
    const char = text[i];
    if (char === "(") depth++;
    else if (char === ")" && --depth < 0) throw new TextError(text, "closing parenthesis without an opening one");
    if (char !== undefined && (depth > 0 || !separators.includes(char))) continue;
    if (i > start) pieces.push(text.slice(start, i));
    start = i + 1;
  }
  if (depth > 0) throw new TextError(text, "parenthesis is not closed");
  return pieces;
}

function item(text: string): Item {
  const end = text.search(/[:=(]/);
  if (end < 0) return { key: text, value: "", tail: "", text };
  const key = text.slice(0, end);
  if (text[end] !== "(") return { key, value: text.slice(end + 1), tail: "", text };
  const close = closing(text, end);
  return { key, value: text.slice(end + 1, close), tail: text.slice(close + 1), text };
}

function closing(text: string, open: number): number {
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    if (text[i] === "(") depth++;
    else if (text[i] === ")" && --depth === 0) return i;
  }
  throw new TextError(text, "parenthesis is not closed");
}

/** A non-negative integer, decimal or with 0x; "-1" means all bits. */
export function integer(text: string, bits = 64): bigint {
  if (text === "-1") return (1n << BigInt(bits)) - 1n;
  if (!/^(0[xX][0-9a-fA-F]+|\d+)$/.test(text)) throw new TextError(text, "expected a number");
  const value = BigInt(text);
  if (value >> BigInt(bits) !== 0n) throw new TextError(text, `does not fit in ${bits} bits`);
  return value;
}

export function number(text: string, bits = 32): number {
  return Number(integer(text, bits));
}

/** "01.02.ff" or "0102ff". */
export function bytes(text: string): Uint8Array {
  const digits = text.replace(/\./g, "");
  if (digits.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(digits)) throw new TextError(text, "expected bytes in hexadecimal");
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}

export function hex(data: Uint8Array, separator = ""): string {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join(separator);
}
