// SPDX-License-Identifier: Apache-2.0
import type { Layout } from "./fields.ts";
import { u16 } from "./fields.ts";

/** RFC 1071. */
export function checksum(bytes: Uint8Array, start = 0): number {
  let sum = start;
  for (let at = 0; at < bytes.length; at += 2) sum += u16(bytes, at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** Writes the checksums of IPv4, TCP, UDP, ICMP and ICMPv6 anew, as a switch does that changed their fields. Fragments stay as they are. */
export function fixChecksums(frame: Uint8Array, { places, payload }: Layout): Uint8Array {
  const put = (at: number, value: number): void => { frame[at] = value >>> 8; frame[at + 1] = value & 255; };
  const v4 = places.get("ip_src");
  if (v4) {
    const header = v4[0] - 12;
    if (u16(frame, header + 6) & 0x3fff) return frame;
    put(header + 10, 0);
    put(header + 10, checksum(frame.subarray(header, header + (frame[header]! & 15) * 4)));
  }
  const at = payload && { 1: 2, 6: 16, 17: 6, 58: 2 }[payload.protocol];
  if (!payload || at === undefined) return frame;
  const data = frame.subarray(payload.offset);
  put(payload.offset + at, 0);
  const source = v4 ?? places.get("ipv6_src")!;
  const pseudo = payload.protocol === 1 ? 0 : pseudoSum(frame.subarray(source[0], source[0] + source[1] * 2), payload.protocol, data.length);
  put(payload.offset + at, checksum(data, pseudo) || (payload.protocol === 17 ? 0xffff : 0));
  return frame;
}

function pseudoSum(addresses: Uint8Array, protocol: number, length: number): number {
  let sum = protocol + length;
  for (let at = 0; at < addresses.length; at += 2) sum += u16(addresses, at);
  return sum;
}
