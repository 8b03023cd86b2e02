// SPDX-License-Identifier: Apache-2.0
// Addresses as match values: IPv4 a number, IPv6 16 bytes, MAC 6 bytes.
import type { FieldValue, Masked } from "node-openvswitch/openflow";
import type { Ip, Mac, Prefix } from "./network.ts";

/** 0x0800 or 0x86dd. */
export type EtherType = 0x0800 | 0x86dd;
export const IPV4 = 0x0800;
export const IPV6 = 0x86dd;
export const ARP = 0x0806;

export interface Address {
  type: EtherType;
  value: number | Uint8Array;
}

export interface AddressRange {
  type: EtherType;
  match: FieldValue | Masked;
}

/** Throws RangeError for what is no MAC address. */
export function macBytes(mac: Mac): Uint8Array {
  const bytes = new Uint8Array(6);
  const parts = mac.split(":");
  for (let index = 0; index < 6; index++) bytes[index] = Number.parseInt(parts[index] ?? "", 16);
  if (parts.length !== 6 || !/^[0-9a-f:]{17}$/.test(mac)) throw new RangeError(`not a MAC address: ${mac}`);
  return bytes;
}

/** Throws RangeError for what is no address. */
export function parseAddress(text: Ip): Address {
  return text.includes(":") ? { type: IPV6, value: ipv6Bytes(text) } : { type: IPV4, value: ipv4Number(text) };
}

function ipv4Number(text: string): number {
  const parts = text.split(".");
  let value = 0;
  for (const part of parts) {
    const byte = Number(part);
    if (!(part !== "" && byte >= 0 && byte <= 255)) throw new RangeError(`not an IPv4 address: ${text}`);
    value = value * 256 + byte;
  }
  if (parts.length !== 4) throw new RangeError(`not an IPv4 address: ${text}`);
  return value;
}

function ipv6Bytes(text: string): Uint8Array {
  const halves = text.split("::");
  const head = groups(halves[0]!, text);
  const tail = halves.length === 2 ? groups(halves[1]!, text) : [];
  const missing = 8 - head.length - tail.length;
  if (halves.length > 2 || (halves.length === 2 ? missing < 1 : missing !== 0)) throw new RangeError(`not an IPv6 address: ${text}`);
  const bytes = new Uint8Array(16);
  const place = (words: number[], from: number): void => words.forEach((word, index) => { bytes[(from + index) * 2] = word >>> 8; bytes[(from + index) * 2 + 1] = word & 255; });
  place(head, 0);
  place(tail, 8 - tail.length);
  return bytes;
}

function groups(text: string, whole: string): number[] {
  if (text === "") return [];
  return text.split(":").map((part) => {
    if (!/^[0-9a-f]{1,4}$/i.test(part)) throw new RangeError(`not an IPv6 address: ${whole}`);
    return Number.parseInt(part, 16);
  });
}

/** An address alone is a prefix of its full length. A full-length prefix has no mask. Throws RangeError. */
export function parseRange(prefix: Prefix): AddressRange {
  const [text, length] = prefix.split("/");
  const { type, value } = parseAddress(text!);
  const size = type === IPV4 ? 32 : 128;
  const bits = length === undefined ? size : Number(length);
  if (!(bits >= 0 && bits <= size)) throw new RangeError(`not a prefix: ${prefix}`);
  if (bits === size) return { type, match: value };
  if (typeof value === "number") {
    const mask = bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0;
    return { type, match: { value: (value & mask) >>> 0, mask } };
  }
  const mask = value.map((_, index) => (0xff00 >> Math.min(8, Math.max(0, bits - index * 8))) & 0xff);
  return { type, match: { value: value.map((byte, index) => byte & mask[index]!), mask } };
}

/** Whether the range holds the address. */
export function inRange(range: AddressRange, address: Address): boolean {
  if (range.type !== address.type) return false;
  const given = range.match;
  const [value, mask] = typeof given === "object" && "mask" in given ? [given.value, given.mask] : [given, undefined];
  const one = address.value;
  if (typeof one === "number") return (((one & (mask === undefined ? 0xffffffff : (mask as number))) >>> 0) === value);
  return one.every((byte, index) => (byte & (mask === undefined ? 255 : (mask as Uint8Array)[index]!)) === (value as Uint8Array)[index]);
}
