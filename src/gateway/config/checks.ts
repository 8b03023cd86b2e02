// SPDX-License-Identifier: Apache-2.0
// What a scalar of the configuration may be.
import { parseMac, parsePrefix } from "@securebox/contract";
import { normaliseIp } from "../../packets/ip.ts";
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
  const parsed = parseMac(String(value));
  return parsed.ok ? { value: parsed.value } : { expected: `${parsed.expected} (in quotes)` };
};

export const ip: Check<string> = (value) => {
  const address = normaliseIp(String(value));
  return address === undefined ? { expected: "an IPv4 or IPv6 address" } : { value: address };
};

export const prefix: Check<string> = (value) => {
  const parsed = String(value).includes("/") ? parsePrefix(String(value)) : undefined;
  return parsed?.ok ? { value: parsed.value } : { expected: parsed?.expected ?? 'a prefix such as 192.0.2.0/24 or "2001:db8::/64"' };
};
