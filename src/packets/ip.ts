// SPDX-License-Identifier: Apache-2.0
// IPv4 and IPv6 addresses: 4 or 16 bytes on the wire, canonical text everywhere else, so that text compares as the address does.
import { HEX, parseMac, type Mac } from "./mac.ts";

/** "192.0.2.7", or IPv6 as RFC 5952 §4 wants it. */
export type Ip = string;

const V4 = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/;

/** 4 or 16 bytes; undefined when `text` is no literal address (no zone index, no leading zeros in IPv4). */
export function parseIp(text: string): Uint8Array | undefined {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

export function parseIpv4(text: string): Uint8Array | undefined {
  const parts = V4.exec(text);
  if (!parts) return undefined;
  const bytes = new Uint8Array(4);
  for (let i = 0; i < 4; i++) {
    const value = Number(parts[i + 1]);
    if (value > 255) return undefined;
    bytes[i] = value;
  }
  return bytes;
}

/** RFC 4291 §2.2, all three forms. */
export function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = groups(halves[0]!, halves.length === 1);
  const tail = halves.length === 2 ? groups(halves[1]!, true) : [];
  if (!head || !tail) return undefined;
  const length = head.length + tail.length;
  // "::" stands for at least one group.
  if (halves.length === 1 ? length !== 16 : length > 14) return undefined;
  const bytes = new Uint8Array(16);
  bytes.set(head);
  bytes.set(tail, 16 - tail.length);
  return bytes;
}

/** The bytes of "a:b:c" or, where `last` allows it, "a:b:192.0.2.1". */
function groups(text: string, last: boolean): number[] | undefined {
  if (text === "") return [];
  const bytes: number[] = [];
  const parts = text.split(":");
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!;
    const v4 = last && i === parts.length - 1 ? parseIpv4(part) : undefined;
    if (v4) bytes.push(...v4);
    else if (/^[0-9a-f]{1,4}$/i.test(part)) bytes.push(parseInt(part, 16) >> 8, parseInt(part, 16) & 0xff);
    else return undefined;
  }
  return bytes.length <= 16 ? bytes : undefined;
}

/** Canonical text of 4 or 16 bytes. */
export function formatIp(bytes: Uint8Array): Ip {
  return bytes.length === 4 ? formatIpv4(bytes, 0) : formatIpv6(bytes, 0);
}

export function formatIpv4(bytes: Uint8Array, offset: number): Ip {
  return `${bytes[offset]}.${bytes[offset + 1]}.${bytes[offset + 2]}.${bytes[offset + 3]}`;
}

/** RFC 5952 §4: lower case, no leading zeros, the longest run of two or more zero groups (the first of equals) as "::"; §5 for IPv4-mapped ones. */
export function formatIpv6(bytes: Uint8Array, offset: number): Ip {
  const words: number[] = [];
  for (let i = 0; i < 16; i += 2) words.push((bytes[offset + i]! << 8) | bytes[offset + i + 1]!);
  let start = -1;
  let size = 1;
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && words[end] === 0) end++;
    if (end - i > size) [start, size] = [i, end - i];
    i = Math.max(i, end - 1);
  }
  if (start === 0 && size === 5 && words[5] === 0xffff) return `::ffff:${formatIpv4(bytes, offset + 12)}`;
  const text = words.map((word) => word.toString(16));
  return start < 0 ? text.join(":") : `${text.slice(0, start).join(":")}::${text.slice(start + size).join(":")}`;
}

/** The same address in canonical text; undefined when it is none. */
export function normaliseIp(text: string): Ip | undefined {
  const bytes = parseIp(text);
  return bytes && formatIp(bytes);
}

/** Addresses whose first `length` bits are those of `bytes`. */
export interface Network {
  bytes: Uint8Array;
  length: number;
}

/** "10.0.0.0/8", "2001:db8::/32"; undefined when malformed. Bits beyond the length are cleared. */
export function parsePrefix(text: string): Network | undefined {
  const parts = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text);
  const bytes = parts ? parseIp(parts[1]!) : undefined;
  const length = Number(parts?.[2]);
  if (!bytes || length > bytes.length * 8) return undefined;
  for (let bit = length; bit < bytes.length * 8; bit++) bytes[bit >> 3]! &= ~(0x80 >> (bit & 7));
  return { bytes, length };
}

/** Whether the address (bytes or text) lies in the prefix; false across families and for malformed text. */
export function inPrefix(address: Uint8Array | Ip, prefix: Network | string): boolean {
  const bytes = typeof address === "string" ? parseIp(address) : address;
  const network = typeof prefix === "string" ? parsePrefix(prefix) : prefix;
  if (!bytes || !network || bytes.length !== network.bytes.length) return false;
  const whole = network.length >> 3;
  for (let i = 0; i < whole; i++) if (bytes[i] !== network.bytes[i]) return false;
  const rest = network.length & 7;
  return rest === 0 || ((bytes[whole]! ^ network.bytes[whole]!) & (0xff00 >> rest) & 0xff) === 0;
}

/** The subnet's directed broadcast (IPv4, prefixes of up to 30 bits). */
export function broadcastOf(prefix: Network): Uint8Array | undefined {
  if (prefix.bytes.length !== 4 || prefix.length > 30) return undefined;
  const bytes = prefix.bytes.slice();
  for (let bit = prefix.length; bit < 32; bit++) bytes[bit >> 3]! |= 0x80 >> (bit & 7);
  return bytes;
}

export function isIpv6(ip: Ip): boolean {
  return ip.includes(":");
}

/** fe80::/10 (RFC 4291 §2.5.6). */
export function isLinkLocal(ip: Ip): boolean {
  return /^fe[89ab][0-9a-f]:/.test(ip);
}

/** 224.0.0.0/4 and ff00::/8. */
export function isMulticast(ip: Ip): boolean {
  if (isIpv6(ip)) return /^ff[0-9a-f]{2}:/.test(ip);
  const first = parseInt(ip, 10);
  return first >= 224 && first <= 239;
}

/** ff02::1:ffXX:XXXX of an IPv6 address (RFC 4291 §2.7.1). */
export function solicitedNode(address: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(16);
  bytes.set([0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0xff]);
  bytes.set(address.subarray(13), 13);
  return bytes;
}

/** The link-layer group of a multicast address: 33:33:XX:XX:XX:XX (RFC 2464 §7), 01:00:5e:XX:XX:XX (RFC 1112 §6.4). */
export function multicastMac(address: Uint8Array): Mac {
  const end = address.length;
  const low = `${HEX[address[end - 2]!]}:${HEX[address[end - 1]!]}`;
  if (end === 16) return `33:33:${HEX[address[12]!]}:${HEX[address[13]!]}:${low}`;
  return `01:00:5e:${HEX[address[1]! & 0x7f]}:${low}`;
}

/** Address of a MAC under a 64-bit prefix by modified EUI-64 (RFC 4291 appendix A). Undefined for a malformed MAC. */
export function eui64(prefix: Network, mac: Mac): Uint8Array | undefined {
  const link = parseMac(mac);
  if (!link || prefix.bytes.length !== 16) return undefined;
  const bytes = prefix.bytes.slice();
  bytes.set([link[0]! ^ 2, link[1]!, link[2]!, 0xff, 0xfe, link[3]!, link[4]!, link[5]!], 8);
  return bytes;
}

/** fe80::/64 address of a MAC by EUI-64, as text. */
export function linkLocalOf(mac: Mac): Ip | undefined {
  const bytes = eui64({ bytes: parseIpv6("fe80::")!, length: 64 }, mac);
  return bytes && formatIp(bytes);
}
