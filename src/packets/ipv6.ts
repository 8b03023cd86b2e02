// SPDX-License-Identifier: Apache-2.0
// IPv6 headers and the walk over extension headers (RFC 8200 §3, §4).
import { ipBytes } from "./ipv4.ts";
import { formatIpv6, type Ip } from "./ip.ts";
import { Reader } from "./reader.ts";
import { Writer } from "./writer.ts";

/** No honest packet carries more; the walk stops there with an error. */
export const MAX_EXTENSIONS = 8;
const HOP_BY_HOP = 0, ROUTING = 43, FRAGMENT = 44, AUTHENTICATION = 51, DESTINATION_OPTIONS = 60;

export interface Extension {
  protocol: number;
  /** Whole header, without its next-header byte (which follows from what comes next). */
  data: Uint8Array;
}

export interface Ipv6 {
  source: Ip;
  destination: Ip;
  trafficClass: number;
  flowLabel: number;
  hopLimit: number;
  extensions: Extension[];
  /** From the fragment extension header. `offset` in bytes; above 0 the payload begins in the middle of a segment. */
  fragment?: { offset: number; more: boolean };
  /** Of the payload: what the last extension header names. */
  protocol: number;
  payload: Uint8Array;
}

/** Padding after the packet is cut off; jumbograms are refused. Throws DecodeError. */
export function decodeIpv6(bytes: Uint8Array): Ipv6 {
  const reader = new Reader(bytes, "ipv6");
  reader.need(40);
  const first = reader.u32();
  if (first >>> 28 !== 6) reader.fail(`version ${first >>> 28}`, 0);
  const size = reader.u16();
  if (size > bytes.length - 40) reader.fail(`payload length ${size}: ${bytes.length - 40} bytes there`, 4);
  const protocol = reader.u8();
  const hopLimit = reader.u8();
  const source = formatIpv6(reader.take(16), 0);
  const destination = formatIpv6(reader.take(16), 0);
  const packet: Ipv6 = { source, destination, trafficClass: (first >>> 20) & 0xff, flowLabel: first & 0xfffff, hopLimit, extensions: [], protocol, payload: bytes };
  walk(packet, new Reader(bytes.subarray(0, 40 + size), "ipv6"));
  return packet;
}

function walk(packet: Ipv6, reader: Reader): void {
  reader.offset = 40;
  while (isExtension(packet.protocol) && !packet.fragment?.offset) {
    if (packet.extensions.length === MAX_EXTENSIONS) reader.fail(`more than ${MAX_EXTENSIONS} extension headers`);
    const start = reader.offset;
    reader.need(8);
    const next = reader.u8();
    const data = reader.take(extensionSize(packet.protocol, reader.bytes[start + 1]!) - 1);
    if (packet.protocol === FRAGMENT) {
      const word = (data[1]! << 8) | data[2]!;
      packet.fragment = { offset: word & 0xfff8, more: (word & 1) === 1 };
    }
    packet.extensions.push({ protocol: packet.protocol, data });
    packet.protocol = next;
  }
  packet.payload = reader.rest();
}

function isExtension(protocol: number): boolean {
  return protocol === HOP_BY_HOP || protocol === ROUTING || protocol === FRAGMENT || protocol === AUTHENTICATION || protocol === DESTINATION_OPTIONS;
}

/** Bytes of an extension header whose length field is `length` (RFC 8200 §4.3, §4.5; RFC 4302 §2.2 for AH, in 4-byte units). */
function extensionSize(protocol: number, length: number): number {
  if (protocol === FRAGMENT) return 8;
  return protocol === AUTHENTICATION ? (length + 2) * 4 : (length + 1) * 8;
}

/** Fields of a packet without extensions; hop limit 64. */
export function ipv6(source: Ip, destination: Ip, protocol: number, payload: Uint8Array): Ipv6 {
  return { source, destination, protocol, payload, trafficClass: 0, flowLabel: 0, hopLimit: 64, extensions: [] };
}

/** `fragment` is not written: its header is among `extensions`. Throws EncodeError. */
export function encodeIpv6(packet: Ipv6): Uint8Array {
  const writer = new Writer("ipv6", 40 + packet.payload.length);
  const chain = [...packet.extensions.map((extension) => extension.protocol), packet.protocol];
  writer.u32(((6 << 28) | (packet.trafficClass << 20) | packet.flowLabel) >>> 0).u16(0).u8(chain[0]!).u8(packet.hopLimit);
  writer.put(ipBytes("ipv6", "source", packet.source, 16)).put(ipBytes("ipv6", "destination", packet.destination, 16));
  packet.extensions.forEach((extension, i) => writer.u8(chain[i + 1]!).put(extension.data));
  writer.put(packet.payload);
  return writer.patch16(4, writer.length - 40).done();
}
