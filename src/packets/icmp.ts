// SPDX-License-Identifier: Apache-2.0
// ICMP for IPv4 (RFC 792): type, code and the rest as it is.
import { checksum } from "./checksum.ts";
import { Reader } from "./reader.ts";
import { Writer } from "./writer.ts";

export const IcmpType = { ECHO_REPLY: 0, UNREACHABLE: 3, REDIRECT: 5, ECHO: 8 } as const;

export interface Icmp {
  type: number;
  code: number;
  /** The four bytes behind the checksum: identifier and sequence of an echo, gateway of a redirect. */
  rest: number;
  payload: Uint8Array;
}

/** Throws DecodeError, also for a wrong checksum. */
export function decodeIcmp(bytes: Uint8Array): Icmp {
  const reader = new Reader(bytes, "icmp");
  reader.need(8);
  if (checksum(bytes) !== 0) reader.fail("wrong checksum", 2);
  const type = reader.u8();
  const code = reader.u8();
  reader.u16();
  return { type, code, rest: reader.u32(), payload: reader.rest() };
}

export function encodeIcmp(icmp: Icmp): Uint8Array {
  const writer = new Writer("icmp", 8 + icmp.payload.length).u8(icmp.type).u8(icmp.code).u16(0).u32(icmp.rest).put(icmp.payload);
  return writer.patch16(2, checksum(writer.done())).done();
}
