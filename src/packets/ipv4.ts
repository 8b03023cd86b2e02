// SPDX-License-Identifier: Apache-2.0
// IPv4 headers (RFC 791).
import { checksum } from "./checksum.ts";
import { EncodeError } from "./error.ts";
import { formatIpv4, parseIp, type Ip } from "./ip.ts";
import { Reader } from "./reader.ts";
import { Writer } from "./writer.ts";

export const Protocol = { ICMP: 1, TCP: 6, UDP: 17, ICMPV6: 58 } as const;

export interface Ipv4 {
  source: Ip;
  destination: Ip;
  protocol: number;
  ttl: number;
  /** DSCP and ECN. */
  trafficClass: number;
  identification: number;
  dontFragment: boolean;
  moreFragments: boolean;
  /** In bytes, a multiple of 8. Above 0 the payload begins in the middle of a segment. */
  fragmentOffset: number;
  /** Raw, a multiple of 4 bytes. */
  options: Uint8Array;
  payload: Uint8Array;
}

/** Checks version, both lengths and the header checksum; padding after the packet is cut off. Throws DecodeError. */
export function decodeIpv4(bytes: Uint8Array): Ipv4 {
  const reader = new Reader(bytes, "ipv4");
  reader.need(20);
  const first = reader.u8();
  const headerSize = (first & 0xf) * 4;
  if (first >> 4 !== 4) reader.fail(`version ${first >> 4}`, 0);
  if (headerSize < 20) reader.fail(`header length ${headerSize}`, 0);
  const trafficClass = reader.u8();
  const size = reader.u16();
  if (size < headerSize || size > bytes.length) reader.fail(`total length ${size}: header ${headerSize}, ${bytes.length} bytes there`, 2);
  if (checksum(bytes.subarray(0, headerSize)) !== 0) reader.fail("wrong header checksum", 10);
  const identification = reader.u16();
  const fragment = reader.u16();
  const ttl = reader.u8();
  const protocol = reader.u8();
  reader.u16();
  const source = formatIpv4(reader.take(4), 0);
  const destination = formatIpv4(reader.take(4), 0);
  return {
    source, destination, protocol, ttl, trafficClass, identification,
    dontFragment: (fragment & 0x4000) !== 0, moreFragments: (fragment & 0x2000) !== 0, fragmentOffset: (fragment & 0x1fff) * 8,
    options: bytes.subarray(20, headerSize), payload: bytes.subarray(headerSize, size),
  };
}

/** Fields of an unfragmented packet; ttl 64. */
export function ipv4(source: Ip, destination: Ip, protocol: number, payload: Uint8Array): Ipv4 {
  return { source, destination, protocol, payload, ttl: 64, trafficClass: 0, identification: 0, dontFragment: true, moreFragments: false, fragmentOffset: 0, options: new Uint8Array(0) };
}

/** Computes lengths and checksum. Throws EncodeError. */
export function encodeIpv4(packet: Ipv4): Uint8Array {
  const headerSize = 20 + packet.options.length;
  if (headerSize % 4 !== 0 || headerSize > 60) throw new EncodeError("ipv4", "options", `${packet.options.length} bytes`);
  if (packet.fragmentOffset % 8 !== 0) throw new EncodeError("ipv4", "fragmentOffset", "not a multiple of 8");
  const fragment = (packet.dontFragment ? 0x4000 : 0) | (packet.moreFragments ? 0x2000 : 0) | (packet.fragmentOffset / 8);
  const writer = new Writer("ipv4", headerSize + packet.payload.length);
  writer.u8(0x40 | (headerSize / 4)).u8(packet.trafficClass).u16(headerSize + packet.payload.length).u16(packet.identification).u16(fragment);
  writer.u8(packet.ttl).u8(packet.protocol).u16(0).put(ipBytes("ipv4", "source", packet.source, 4)).put(ipBytes("ipv4", "destination", packet.destination, 4)).put(packet.options);
  writer.patch16(10, checksum(writer.done()));
  return writer.put(packet.payload).done();
}

/** The packed address of the wanted size (4 or 16 bytes) that our caller gave. */
export function ipBytes(layer: string, field: string, ip: Ip, size: 4 | 16): Uint8Array {
  const bytes = parseIp(ip);
  if (bytes?.length !== size) throw new EncodeError(layer, field, `"${ip}" is no IPv${size === 4 ? 4 : 6} address`);
  return bytes;
}
