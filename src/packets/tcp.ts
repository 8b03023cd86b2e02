// SPDX-License-Identifier: Apache-2.0
// TCP headers (RFC 9293 §3.1).
import { segmentChecksum, type Ends } from "./checksum.ts";
import { EncodeError } from "./error.ts";
import { Protocol } from "./ipv4.ts";
import { Reader } from "./reader.ts";
import { Writer } from "./writer.ts";

export const TcpFlag = { FIN: 0x01, SYN: 0x02, RST: 0x04, PSH: 0x08, ACK: 0x10, URG: 0x20, ECE: 0x40, CWR: 0x80 } as const;

export interface Tcp {
  sourcePort: number;
  destinationPort: number;
  sequence: number;
  acknowledgement: number;
  /** Bits of `TcpFlag`. */
  flags: number;
  window: number;
  urgent: number;
  /** Raw, a multiple of 4 bytes. */
  options: Uint8Array;
  payload: Uint8Array;
}

/** The checksum is not verified (see decodeUdp). Throws DecodeError. */
export function decodeTcp(bytes: Uint8Array): Tcp {
  const reader = new Reader(bytes, "tcp");
  reader.need(20);
  const sourcePort = reader.u16();
  const destinationPort = reader.u16();
  const sequence = reader.u32();
  const acknowledgement = reader.u32();
  const headerSize = (reader.u8() >> 4) * 4;
  if (headerSize < 20 || headerSize > bytes.length) reader.fail(`data offset ${headerSize}: ${bytes.length} bytes there`, 12);
  const flags = reader.u8();
  const window = reader.u16();
  reader.u16();
  const urgent = reader.u16();
  return { sourcePort, destinationPort, sequence, acknowledgement, flags, window, urgent, options: bytes.subarray(20, headerSize), payload: bytes.subarray(headerSize) };
}

export function encodeTcp(tcp: Tcp, ends: Ends): Uint8Array {
  const headerSize = 20 + tcp.options.length;
  if (headerSize % 4 !== 0 || headerSize > 60) throw new EncodeError("tcp", "options", `${tcp.options.length} bytes`);
  const writer = new Writer("tcp", headerSize + tcp.payload.length);
  writer.u16(tcp.sourcePort).u16(tcp.destinationPort).u32(tcp.sequence).u32(tcp.acknowledgement);
  writer.u8(headerSize << 2).u8(tcp.flags).u16(tcp.window).u16(0).u16(tcp.urgent).put(tcp.options).put(tcp.payload);
  return writer.patch16(16, segmentChecksum(ends, Protocol.TCP, writer.done())).done();
}
