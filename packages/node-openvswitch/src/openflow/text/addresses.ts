// SPDX-License-Identifier: Apache-2.0
import { hex, TextError } from "./scan.ts";

export function parseIpv4(text: string): number {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) throw new TextError(text, "expected an IPv4 address");
  return parts.reduce((value, part) => value * 256 + Number(part), 0);
}

export function formatIpv4(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff).join(".");
}

export function ipv4Bytes(text: string): Uint8Array {
  const value = parseIpv4(text);
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

/** RFC 4291 §2.2. */
export function parseIpv6(text: string): Uint8Array {
  const halves = text.split("::");
  const [head, tail] = [groups(halves[0]!), groups(halves[1] ?? "")];
  const missing = 8 - head.length - tail.length;
  if (halves.length > 2 || (halves.length === 2 ? missing < 1 : missing !== 0)) throw new TextError(text, "expected an IPv6 address");
  const all = [...head, ...Array<number>(halves.length === 2 ? missing : 0).fill(0), ...tail];
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

function groups(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((part) => {
    if (part.includes(".")) {
      const value = parseIpv4(part);
      return [value >>> 16, value & 0xffff];
    }
    if (!/^[0-9a-fA-F]{1,4}$/.test(part)) throw new TextError(text, "expected an IPv6 address");
    return [parseInt(part, 16)];
  });
}

/** RFC 5952. */
export function formatIpv6(address: Uint8Array): string {
  const words = Array.from({ length: 8 }, (_, i) => address[2 * i]! * 256 + address[2 * i + 1]!);
  const [start, length] = longestZeros(words);
  const part = (from: number, to: number) => words.slice(from, to).map((word) => word.toString(16)).join(":");
  return length < 2 ? part(0, 8) : `${part(0, start)}::${part(start + length, 8)}`;
}

function longestZeros(words: number[]): [number, number] {
  let best: [number, number] = [0, 0];
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (words[start + length] === 0) length++;
    if (length > best[1]) best = [start, length];
  }
  return best;
}

export function parseMac(text: string): Uint8Array {
  const parts = text.split(":");
  if (parts.length !== 6 || !parts.every((part) => /^[0-9a-fA-F]{1,2}$/.test(part))) throw new TextError(text, "expected a MAC address");
  return Uint8Array.from(parts, (part) => parseInt(part, 16));
}

export const formatMac = (mac: Uint8Array): string => hex(mac, ":");

/** The mask of a prefix length over `size` bytes, as a bigint. */
export function prefixMask(length: number, size: number): bigint {
  const bits = BigInt(size * 8);
  return ((1n << bits) - 1n) ^ ((1n << (bits - BigInt(length))) - 1n);
}

/** The prefix length of a mask, or undefined when it is not one. */
export function prefixLength(mask: bigint, size: number): number | undefined {
  const text = mask.toString(2).padStart(size * 8, "0");
  return /^1*0*$/.test(text) ? text.lastIndexOf("1") + 1 : undefined;
}
