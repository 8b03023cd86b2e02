// SPDX-License-Identifier: Apache-2.0
// DNS messages (RFC 1035 §4) with EDNS (RFC 6891). Records that nobody here reads (HTTPS, SVCB, SOA, ...) stay bytes.
import { decodeName, encodeName } from "./dns-name.ts";
import { formatIpv4, formatIpv6, type Ip } from "./ip.ts";
import { ipBytes } from "./ipv4.ts";
import { Reader } from "./reader.ts";
import { Writer } from "./writer.ts";

export const DnsType = { A: 1, CNAME: 5, AAAA: 28, OPT: 41, HTTPS: 65 } as const;

export interface DnsQuestion {
  name: string;
  type: number;
  class: number;
}

export type DnsData =
  | { type: "address"; address: Ip }
  | { type: "cname"; target: string }
  /** `number`: the record type. Names inside may be compressed and mean nothing outside their message. */
  | { type: "other"; number: number; bytes: Uint8Array };

export interface DnsRecord {
  name: string;
  class: number;
  /** Seconds; a value with the top bit set counts as 0 (RFC 2181 §8). */
  ttl: number;
  data: DnsData;
}

export interface Dns {
  id: number;
  response: boolean;
  opcode: number;
  authoritative: boolean;
  truncated: boolean;
  recursionDesired: boolean;
  recursionAvailable: boolean;
  /** With EDNS the upper bits are in its record's `ttl`. */
  rcode: number;
  questions: DnsQuestion[];
  answers: DnsRecord[];
  authorities: DnsRecord[];
  /** The EDNS record (type 41) is among them. */
  additionals: DnsRecord[];
}

/** Throws DecodeError. Counts are bounded by the bytes there: a question takes at least 5, a record 11. */
export function decodeDns(bytes: Uint8Array): Dns {
  const reader = new Reader(bytes, "dns");
  reader.need(12);
  const id = reader.u16();
  const flags = reader.u16();
  const counts = [reader.u16(), reader.u16(), reader.u16(), reader.u16()] as const;
  return {
    id, response: (flags & 0x8000) !== 0, opcode: (flags >> 11) & 0xf, authoritative: (flags & 0x0400) !== 0, truncated: (flags & 0x0200) !== 0,
    recursionDesired: (flags & 0x0100) !== 0, recursionAvailable: (flags & 0x0080) !== 0, rcode: flags & 0xf,
    questions: repeat(reader, counts[0], decodeQuestion), answers: repeat(reader, counts[1], decodeRecord),
    authorities: repeat(reader, counts[2], decodeRecord), additionals: repeat(reader, counts[3], decodeRecord),
  };
}

function repeat<T>(reader: Reader, count: number, decode: (reader: Reader) => T): T[] {
  const items: T[] = [];
  for (let i = 0; i < count; i++) items.push(decode(reader));
  return items;
}

function decodeQuestion(reader: Reader): DnsQuestion {
  return { name: decodeName(reader), type: reader.u16(), class: reader.u16() };
}

function decodeRecord(reader: Reader): DnsRecord {
  const name = decodeName(reader);
  const number = reader.u16();
  const classNumber = reader.u16();
  const ttl = reader.u32();
  const size = reader.u16();
  const start = reader.offset;
  reader.need(size);
  const data = decodeData(reader, number, size);
  if (reader.offset !== start + size) reader.fail(`record of type ${number} is not ${size} bytes long`, start);
  return { name, class: classNumber, ttl: number !== DnsType.OPT && ttl >= 0x80000000 ? 0 : ttl, data };
}

function decodeData(reader: Reader, number: number, size: number): DnsData {
  if (number === DnsType.A) return { type: "address", address: formatIpv4(reader.take(4), 0) };
  if (number === DnsType.AAAA) return { type: "address", address: formatIpv6(reader.take(16), 0) };
  if (number === DnsType.CNAME) return { type: "cname", target: decodeName(reader) };
  return { type: "other", number, bytes: reader.take(size) };
}

/** A query or answer with nothing but what is given. */
export function dnsMessage(message: Partial<Dns>): Dns {
  return {
    id: 0, response: false, opcode: 0, authoritative: false, truncated: false, recursionDesired: true, recursionAvailable: false, rcode: 0,
    questions: [], answers: [], authorities: [], additionals: [], ...message,
  };
}

/** Without compression. Throws EncodeError. */
export function encodeDns(message: Dns): Uint8Array {
  const writer = new Writer("dns", 128).u16(message.id);
  const bits: [boolean, number][] = [[message.response, 0x8000], [message.authoritative, 0x0400], [message.truncated, 0x0200], [message.recursionDesired, 0x0100], [message.recursionAvailable, 0x0080]];
  writer.u16(bits.reduce((flags, [on, bit]) => (on ? flags | bit : flags), (message.opcode << 11) | message.rcode));
  const sections = [message.answers, message.authorities, message.additionals];
  writer.u16(message.questions.length);
  for (const section of sections) writer.u16(section.length);
  for (const question of message.questions) {
    encodeName(writer, question.name);
    writer.u16(question.type).u16(question.class);
  }
  for (const section of sections) for (const record of section) encodeRecord(writer, record);
  return writer.done();
}

function encodeRecord(writer: Writer, { name, class: classNumber, ttl, data }: DnsRecord): void {
  encodeName(writer, name);
  writer.u16(recordType(data)).u16(classNumber).u32(ttl).u16(0);
  const start = writer.length;
  if (data.type === "address") writer.put(ipBytes("dns", "address", data.address, data.address.includes(":") ? 16 : 4));
  else if (data.type === "cname") encodeName(writer, data.target);
  else writer.put(data.bytes);
  writer.patch16(start - 2, writer.length - start);
}

export function recordType(data: DnsData): number {
  if (data.type === "address") return data.address.includes(":") ? DnsType.AAAA : DnsType.A;
  return data.type === "cname" ? DnsType.CNAME : data.number;
}
