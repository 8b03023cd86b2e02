// SPDX-License-Identifier: Apache-2.0
// UDP (RFC 768).
import { segmentChecksum, type Ends } from "./checksum.ts";
import { Protocol } from "./ipv4.ts";
import { Reader } from "./reader.ts";
import { Writer } from "./writer.ts";

export interface Udp {
  sourcePort: number;
  destinationPort: number;
  payload: Uint8Array;
}

/** The checksum is not verified: frames that a host handed to its own switch may not carry one yet (offload). Throws DecodeError. */
export function decodeUdp(bytes: Uint8Array): Udp {
  const reader = new Reader(bytes, "udp");
  reader.need(8);
  const sourcePort = reader.u16();
  const destinationPort = reader.u16();
  const size = reader.u16();
  if (size < 8 || size > bytes.length) reader.fail(`length ${size}: ${bytes.length} bytes there`, 4);
  return { sourcePort, destinationPort, payload: bytes.subarray(8, size) };
}

/** `ends` for the checksum, which is left 0 without them (IPv4 only). */
export function encodeUdp(udp: Udp, ends?: Ends): Uint8Array {
  const writer = new Writer("udp", 8 + udp.payload.length);
  writer.u16(udp.sourcePort).u16(udp.destinationPort).u16(8 + udp.payload.length).u16(0).put(udp.payload);
  // A computed 0 is sent as 0xffff, since 0 says "none".
  if (ends) writer.patch16(6, segmentChecksum(ends, Protocol.UDP, writer.done()) || 0xffff);
  return writer.done();
}
