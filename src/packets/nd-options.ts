// SPDX-License-Identifier: Apache-2.0
// Options of neighbour discovery (RFC 4861 §4.6), RDNSS (RFC 8106 §5.1).
import { EncodeError } from "./error.ts";
import { macBytes } from "./ethernet.ts";
import { formatIpv6, type Ip } from "./ip.ts";
import { ipBytes } from "./ipv4.ts";
import { formatMac, type Mac } from "./mac.ts";
import { Reader } from "./reader.ts";
import { Writer } from "./writer.ts";

export type NdOption =
  | { type: "source-link"; mac: Mac }
  | { type: "target-link"; mac: Mac }
  | PrefixInformation
  | { type: "mtu"; mtu: number }
  | { type: "rdnss"; lifetime: number; addresses: Ip[] }
  | { type: "other"; number: number; data: Uint8Array };

/** Lifetimes in seconds, 0xffffffff: for ever. */
export interface PrefixInformation {
  type: "prefix";
  prefix: Ip;
  length: number;
  onLink: boolean;
  autonomous: boolean;
  valid: number;
  preferred: number;
}

/** Everything left in `reader`. A length of 0 is refused (RFC 4861 §4.6), so each turn moves on. */
export function decodeNdOptions(reader: Reader): NdOption[] {
  const options: NdOption[] = [];
  while (reader.left > 0) {
    const start = reader.offset;
    reader.need(2);
    const number = reader.u8();
    const size = reader.u8() * 8;
    if (size === 0) reader.fail("option of length 0", start + 1);
    const body = new Reader(reader.take(size - 2), `icmpv6 option ${number} at byte ${start}`);
    options.push(decodeOption(number, body));
  }
  return options;
}

function decodeOption(number: number, body: Reader): NdOption {
  if ((number === 1 || number === 2) && body.left === 6) return { type: number === 1 ? "source-link" : "target-link", mac: formatMac(body.bytes) };
  if (number === 3) return decodePrefix(body);
  if (number === 5) {
    body.take(2);
    return { type: "mtu", mtu: body.u32() };
  }
  if (number === 25) return decodeRdnss(body);
  return { type: "other", number, data: body.rest() };
}

function decodePrefix(body: Reader): PrefixInformation {
  body.need(30);
  const length = body.u8();
  if (length > 128) body.fail(`prefix length ${length}`, 0);
  const flags = body.u8();
  const valid = body.u32();
  const preferred = body.u32();
  body.take(4);
  return { type: "prefix", prefix: formatIpv6(body.take(16), 0), length, onLink: (flags & 0x80) !== 0, autonomous: (flags & 0x40) !== 0, valid, preferred };
}

function decodeRdnss(body: Reader): NdOption {
  body.take(2);
  const lifetime = body.u32();
  const addresses: Ip[] = [];
  while (body.left > 0) addresses.push(formatIpv6(body.take(16), 0));
  return { type: "rdnss", lifetime, addresses };
}

export function encodeNdOptions(writer: Writer, options: NdOption[]): void {
  for (const option of options) {
    const start = writer.length;
    encodeOption(writer, option);
    const size = writer.length - start;
    if (size % 8 !== 0 || size > 255 * 8) throw new EncodeError("icmpv6", `option ${option.type}`, `${size} bytes`);
    writer.patch16(start, numberOf(option) * 256 + size / 8);
  }
}

function numberOf(option: NdOption): number {
  return option.type === "other" ? option.number : { "source-link": 1, "target-link": 2, prefix: 3, mtu: 5, rdnss: 25 }[option.type];
}

function encodeOption(writer: Writer, option: NdOption): void {
  writer.u16(0);
  if (option.type === "source-link" || option.type === "target-link") writer.put(macBytes("icmpv6", option.type, option.mac));
  else if (option.type === "mtu") writer.u16(0).u32(option.mtu);
  else if (option.type === "prefix") {
    writer.u8(option.length).u8((option.onLink ? 0x80 : 0) | (option.autonomous ? 0x40 : 0)).u32(option.valid).u32(option.preferred).u32(0);
    writer.put(ipBytes("icmpv6", "prefix", option.prefix, 16));
  } else if (option.type === "rdnss") {
    writer.u16(0).u32(option.lifetime);
    for (const address of option.addresses) writer.put(ipBytes("icmpv6", "rdnss", address, 16));
  } else writer.put(option.data);
}
