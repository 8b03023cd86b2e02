// SPDX-License-Identifier: Apache-2.0
// DHCP for IPv6 (RFC 8415 §8, §21), between client and server; relay messages are refused.
import { EncodeError } from "./error.ts";
import { formatIpv6, type Ip } from "./ip.ts";
import { ipBytes } from "./ipv4.ts";
import { Reader } from "./reader.ts";
import { Writer } from "./writer.ts";

export const Dhcpv6Type = { SOLICIT: 1, ADVERTISE: 2, REQUEST: 3, CONFIRM: 4, RENEW: 5, REBIND: 6, REPLY: 7, RELEASE: 8, DECLINE: 9, RECONFIGURE: 10, INFORMATION_REQUEST: 11 } as const;

export interface Dhcpv6 {
  /** One of `Dhcpv6Type`. */
  type: number;
  /** 24 bits. */
  transaction: number;
  options: Dhcpv6Option[];
}

export type Dhcpv6Option =
  | { type: "client-id"; duid: Uint8Array }
  | { type: "server-id"; duid: Uint8Array }
  | { type: "ia-na"; iaid: number; t1: number; t2: number; options: Dhcpv6Option[] }
  | { type: "ia-address"; address: Ip; preferred: number; valid: number; options: Dhcpv6Option[] }
  | { type: "status"; code: number; message: Uint8Array }
  | { type: "dns"; addresses: Ip[] }
  | { type: "other"; code: number; data: Uint8Array };

/** IA_NA holds IAADDR holds a status: no deeper nesting exists. */
const MAX_DEPTH = 3;

/** Throws DecodeError. */
export function decodeDhcpv6(bytes: Uint8Array): Dhcpv6 {
  const reader = new Reader(bytes, "dhcpv6");
  const first = reader.u32();
  const type = first >>> 24;
  if (type < Dhcpv6Type.SOLICIT || type > Dhcpv6Type.INFORMATION_REQUEST) reader.fail(`message type ${type}`, 0);
  return { type, transaction: first & 0xffffff, options: decodeOptions(reader, 1) };
}

function decodeOptions(reader: Reader, depth: number): Dhcpv6Option[] {
  if (depth > MAX_DEPTH && reader.left > 0) reader.fail("options nested too deep");
  const options: Dhcpv6Option[] = [];
  while (reader.left > 0) {
    const start = reader.offset;
    const code = reader.u16();
    const data = reader.take(reader.u16());
    options.push(decodeOption(code, new Reader(data, `dhcpv6 option ${code} at byte ${start}`), depth));
  }
  return options;
}

function decodeOption(code: number, body: Reader, depth: number): Dhcpv6Option {
  switch (code) {
    case 1: return { type: "client-id", duid: body.rest() };
    case 2: return { type: "server-id", duid: body.rest() };
    case 3: return { type: "ia-na", iaid: body.u32(), t1: body.u32(), t2: body.u32(), options: decodeOptions(body, depth + 1) };
    case 5: return { type: "ia-address", address: formatIpv6(body.take(16), 0), preferred: body.u32(), valid: body.u32(), options: decodeOptions(body, depth + 1) };
    case 13: return { type: "status", code: body.u16(), message: body.rest() };
    case 23: return { type: "dns", addresses: decodeAddresses(body) };
    default: return { type: "other", code, data: body.rest() };
  }
}

function decodeAddresses(body: Reader): Ip[] {
  const addresses: Ip[] = [];
  while (body.left > 0) addresses.push(formatIpv6(body.take(16), 0));
  return addresses;
}

/** Throws EncodeError. */
export function encodeDhcpv6(message: Dhcpv6): Uint8Array {
  if (!(message.type >= 1 && message.type <= 11)) throw new EncodeError("dhcpv6", "type", `${message.type}`);
  const writer = new Writer("dhcpv6", 128).u32(((message.type << 24) | (message.transaction & 0xffffff)) >>> 0);
  encodeOptions(writer, message.options);
  return writer.done();
}

function encodeOptions(writer: Writer, options: Dhcpv6Option[]): void {
  for (const option of options) {
    writer.u16(codeOf(option)).u16(0);
    const start = writer.length;
    encodeOption(writer, option);
    writer.patch16(start - 2, writer.length - start);
  }
}

function codeOf(option: Dhcpv6Option): number {
  return option.type === "other" ? option.code : { "client-id": 1, "server-id": 2, "ia-na": 3, "ia-address": 5, status: 13, dns: 23 }[option.type];
}

function encodeOption(writer: Writer, option: Dhcpv6Option): void {
  switch (option.type) {
    case "client-id": case "server-id": writer.put(option.duid); return;
    case "ia-na": writer.u32(option.iaid).u32(option.t1).u32(option.t2); return encodeOptions(writer, option.options);
    case "ia-address": writer.put(ipBytes("dhcpv6", "address", option.address, 16)).u32(option.preferred).u32(option.valid); return encodeOptions(writer, option.options);
    case "status": writer.u16(option.code).put(option.message); return;
    case "dns": for (const address of option.addresses) writer.put(ipBytes("dhcpv6", "dns", address, 16)); return;
    case "other": writer.put(option.data);
  }
}

/** An address that a server leases: what a reply's IA_NA options hold with a valid lifetime above 0 and no error status. */
export interface Dhcpv6Lease {
  address: Ip;
  /** Valid lifetime, seconds; 0xffffffff: for ever. */
  seconds: number;
}

export function dhcpv6Leases(message: Dhcpv6): Dhcpv6Lease[] {
  const leases: Dhcpv6Lease[] = [];
  for (const ia of message.options) {
    if (ia.type !== "ia-na" || failed(ia.options)) continue;
    for (const entry of ia.options) {
      if (entry.type === "ia-address" && entry.valid > 0 && !failed(entry.options)) leases.push({ address: entry.address, seconds: entry.valid });
    }
  }
  return leases;
}

function failed(options: Dhcpv6Option[]): boolean {
  return options.some((option) => option.type === "status" && option.code !== 0);
}
