// SPDX-License-Identifier: Apache-2.0
// What a scalar of the configuration may be.
import type { Check } from "./reader.ts";

export const boolean: Check<boolean> = (value) => typeof value === "boolean" ? { value } : { expected: "true or false" };

export const path: Check<string> = (value) =>
  typeof value === "string" && value.startsWith("/") && value.length < 256 && !value.includes("\0") ? { value } : { expected: "an absolute path" };

/** Linux interface names: IFNAMSIZ is 16 with the terminating zero. */
export const interfaceName: Check<string> = (value) => isInterfaceName(value) ? { value } : { expected: "an interface name of at most 15 characters" };

export function isInterfaceName(value: unknown): value is string {
  return typeof value === "string" && /^[^\s/]{1,15}$/.test(value);
}

export function integer(least: number, most: number): Check<number> {
  return (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most
    ? { value: value as number } : { expected: `a whole number from ${least} to ${most}` };
}

export function oneOf<T extends string>(...values: readonly T[]): Check<T> {
  return (value) => values.includes(value as T) ? { value: value as T } : { expected: `one of ${values.join(", ")}` };
}

export const mac: Check<string> = (value) => {
  const text = String(value).toLowerCase();
  return /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(text) ? { value: text } : { expected: 'a MAC address such as "02:00:00:00:00:11" (in quotes)' };
};

export const ip: Check<string> = (value) => {
  const address = canonicalIp(String(value));
  return address === undefined ? { expected: "an IPv4 or IPv6 address" } : { value: address };
};

export const prefix: Check<string> = (value) => {
  const [text = "", length = "", ...rest] = String(value).split("/");
  const address = canonicalIp(text);
  const most = address?.includes(":") ? 128 : 32;
  if (address === undefined || rest.length > 0 || !/^\d{1,3}$/.test(length) || Number(length) > most) return { expected: "a prefix such as 10.0.0.0/24 or \"fd00::/64\"" };
  return { value: `${address}/${Number(length)}` };
};

/** Canonical text (RFC 5952 for IPv6), lower case; undefined when it is not an address. */
export function canonicalIp(text: string): string | undefined {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) {
    const bytes = text.split(".").map(Number);
    return bytes.every((byte) => byte < 256) ? bytes.join(".") : undefined;
  }
  const words = ipv6Words(text.toLowerCase());
  return words && compress(words);
}

function ipv6Words(text: string): number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half) => half === "" ? [] : half.split(":"));
  const given = (head?.length ?? 0) + (tail?.length ?? 0);
  if (!head || (tail ? given > 7 : given !== 8)) return undefined;
  const words = [...head, ...new Array<string>(8 - given).fill("0"), ...(tail ?? [])];
  return words.every((word) => /^[0-9a-f]{1,4}$/.test(word)) ? words.map((word) => parseInt(word, 16)) : undefined;
}

/** RFC 5952 §4.2: the longest run of at least two zero words, the first of equals, becomes "::". */
function compress(words: number[]): string {
  let best = { at: 0, size: 1 };
  for (let at = 0; at < 8; at++) {
    let size = 0;
    while (at + size < 8 && words[at + size] === 0) size++;
    if (size > best.size) best = { at, size };
  }
  const text = (part: number[]): string => part.map((word) => word.toString(16)).join(":");
  return best.size === 1 ? text(words) : `${text(words.slice(0, best.at))}::${text(words.slice(best.at + best.size))}`;
}
