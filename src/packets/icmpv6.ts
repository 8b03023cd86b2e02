// SPDX-License-Identifier: Apache-2.0
// ICMPv6 (RFC 4443) with the messages of neighbour discovery (RFC 4861 §4).
import { segmentChecksum, type Ends } from "./checksum.ts";
import { formatIpv6, type Ip } from "./ip.ts";
import { ipBytes, Protocol } from "./ipv4.ts";
import { decodeNdOptions, encodeNdOptions, type NdOption } from "./nd-options.ts";
import { Reader } from "./reader.ts";
import { Writer } from "./writer.ts";

export const Icmpv6Type = { ECHO: 128, ECHO_REPLY: 129, ROUTER_SOLICITATION: 133, ROUTER_ADVERTISEMENT: 134, NEIGHBOUR_SOLICITATION: 135, NEIGHBOUR_ADVERTISEMENT: 136, REDIRECT: 137 } as const;

export type Icmpv6 =
  | { type: "router-solicitation"; options: NdOption[] }
  | RouterAdvertisement
  | { type: "neighbour-solicitation"; target: Ip; options: NdOption[] }
  | { type: "neighbour-advertisement"; target: Ip; router: boolean; solicited: boolean; override: boolean; options: NdOption[] }
  | { type: "redirect"; target: Ip; destination: Ip; options: NdOption[] }
  | { type: "other"; number: number; code: number; body: Uint8Array };

export interface RouterAdvertisement {
  type: "router-advertisement";
  /** 0: not said. */
  hopLimit: number;
  managed: boolean;
  otherConfig: boolean;
  /** RFC 4191 §2.2 and the reserved bits, as they are. */
  flags: number;
  /** Seconds; 0: no default router. */
  lifetime: number;
  /** Milliseconds. */
  reachableTime: number;
  retransmitTimer: number;
  options: NdOption[];
}

/** `ends` for the checksum, which is checked. Throws DecodeError. The hop limit of 255 (RFC 4861 §7.1) is the caller's to check. */
export function decodeIcmpv6(bytes: Uint8Array, ends: Ends): Icmpv6 {
  const reader = new Reader(bytes, "icmpv6");
  reader.need(4);
  if (segmentChecksum(ends, Protocol.ICMPV6, bytes) !== 0) reader.fail("wrong checksum", 2);
  const number = reader.u8();
  const code = reader.u8();
  reader.u16();
  if (number < Icmpv6Type.ROUTER_SOLICITATION || number > Icmpv6Type.REDIRECT) return { type: "other", number, code, body: reader.rest() };
  if (code !== 0) reader.fail(`code ${code} of type ${number}`, 1);
  return decodeNd(number, reader);
}

function decodeNd(number: number, reader: Reader): Icmpv6 {
  if (number === Icmpv6Type.ROUTER_ADVERTISEMENT) return decodeRouterAdvertisement(reader);
  const flags = reader.u32();
  if (number === Icmpv6Type.ROUTER_SOLICITATION) return { type: "router-solicitation", options: decodeNdOptions(reader) };
  const target = formatIpv6(reader.take(16), 0);
  if (number === Icmpv6Type.REDIRECT) return { type: "redirect", target, destination: formatIpv6(reader.take(16), 0), options: decodeNdOptions(reader) };
  if (number === Icmpv6Type.NEIGHBOUR_SOLICITATION) return { type: "neighbour-solicitation", target, options: decodeNdOptions(reader) };
  const [router, solicited, override] = [flags >>> 31 === 1, (flags & 0x40000000) !== 0, (flags & 0x20000000) !== 0];
  return { type: "neighbour-advertisement", target, router, solicited, override, options: decodeNdOptions(reader) };
}

function decodeRouterAdvertisement(reader: Reader): RouterAdvertisement {
  reader.need(12);
  const hopLimit = reader.u8();
  const flags = reader.u8();
  return {
    type: "router-advertisement", hopLimit, managed: (flags & 0x80) !== 0, otherConfig: (flags & 0x40) !== 0, flags: flags & 0x3f,
    lifetime: reader.u16(), reachableTime: reader.u32(), retransmitTimer: reader.u32(), options: decodeNdOptions(reader),
  };
}

export function encodeIcmpv6(message: Icmpv6, ends: Ends): Uint8Array {
  const writer = new Writer("icmpv6");
  if (message.type === "other") writer.u8(message.number).u8(message.code).u16(0).put(message.body);
  else encodeNd(writer, message);
  return writer.patch16(2, segmentChecksum(ends, Protocol.ICMPV6, writer.done())).done();
}

function encodeNd(writer: Writer, message: Exclude<Icmpv6, { type: "other" }>): void {
  switch (message.type) {
    case "router-solicitation":
      writer.u32(Icmpv6Type.ROUTER_SOLICITATION << 24 >>> 0).u32(0);
      break;
    case "router-advertisement":
      writer.u32(Icmpv6Type.ROUTER_ADVERTISEMENT << 24 >>> 0).u8(message.hopLimit);
      writer.u8((message.managed ? 0x80 : 0) | (message.otherConfig ? 0x40 : 0) | message.flags).u16(message.lifetime).u32(message.reachableTime).u32(message.retransmitTimer);
      break;
    case "neighbour-solicitation":
      writer.u32(Icmpv6Type.NEIGHBOUR_SOLICITATION << 24 >>> 0).u32(0).put(ipBytes("icmpv6", "target", message.target, 16));
      break;
    case "neighbour-advertisement":
      writer.u32(Icmpv6Type.NEIGHBOUR_ADVERTISEMENT << 24 >>> 0).u8((message.router ? 0x80 : 0) | (message.solicited ? 0x40 : 0) | (message.override ? 0x20 : 0)).zeros(3);
      writer.put(ipBytes("icmpv6", "target", message.target, 16));
      break;
    case "redirect":
      writer.u32(Icmpv6Type.REDIRECT << 24 >>> 0).u32(0).put(ipBytes("icmpv6", "target", message.target, 16)).put(ipBytes("icmpv6", "destination", message.destination, 16));
  }
  encodeNdOptions(writer, message.options);
}
