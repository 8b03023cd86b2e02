// SPDX-License-Identifier: Apache-2.0
// DHCP for IPv4 (RFC 2131), options of RFC 2132; long options are joined (RFC 3396), overloaded fields read (RFC 2132 §9.3).
import { DecodeError } from "./error.ts";
import { macBytes } from "./ethernet.ts";
import { formatIpv4, type Ip } from "./ip.ts";
import { ipBytes } from "./ipv4.ts";
import { formatMac, type Mac } from "./mac.ts";
import { Reader } from "./reader.ts";
import { Writer } from "./writer.ts";

export const DhcpOption = { SUBNET_MASK: 1, ROUTERS: 3, RESOLVERS: 6, HOSTNAME: 12, REQUESTED_ADDRESS: 50, LEASE_SECONDS: 51, OVERLOAD: 52, MESSAGE_TYPE: 53, SERVER: 54, PARAMETERS: 55, CLIENT_ID: 61, FQDN: 81, RELAY_INFO: 82 } as const;

export const DhcpType = { DISCOVER: 1, OFFER: 2, REQUEST: 3, DECLINE: 4, ACK: 5, NAK: 6, RELEASE: 7, INFORM: 8 } as const;

export interface Dhcpv4 {
  /** What a client sends, or a server's reply. */
  operation: "request" | "reply";
  transaction: number;
  seconds: number;
  broadcast: boolean;
  clientAddress: Ip;
  /** "yiaddr": what a server gives. */
  yourAddress: Ip;
  serverAddress: Ip;
  relayAddress: Ip;
  clientMac: Mac;
  /** By code, in the order of the message. Those of fixed size have it, see OPTION_SIZE. */
  options: Map<number, Uint8Array>;
}

const MAGIC = 0x63825363;
/** Options with one size, or (negative) a multiple of it and at least one. */
const OPTION_SIZE: Record<number, number> = { 1: 4, 3: -4, 6: -4, 50: 4, 51: 4, 52: 1, 53: 1, 54: 4 };
const PAD = 0, END = 255, SNAME = 44, FILE = 108, OPTIONS = 236;

/** Only Ethernet clients. Throws DecodeError. */
export function decodeDhcpv4(bytes: Uint8Array): Dhcpv4 {
  const reader = new Reader(bytes, "dhcpv4");
  reader.need(OPTIONS + 4);
  const operation = reader.u8();
  if (operation !== 1 && operation !== 2) reader.fail(`op ${operation}`, 0);
  if (reader.u16() !== 0x0106) reader.fail("hardware is not Ethernet", 1);
  reader.u8();
  const message: Dhcpv4 = {
    operation: operation === 1 ? "request" : "reply",
    transaction: reader.u32(), seconds: reader.u16(), broadcast: (reader.u16() & 0x8000) !== 0,
    clientAddress: formatIpv4(reader.take(4), 0), yourAddress: formatIpv4(reader.take(4), 0),
    serverAddress: formatIpv4(reader.take(4), 0), relayAddress: formatIpv4(reader.take(4), 0),
    clientMac: formatMac(reader.take(6)), options: new Map(),
  };
  reader.offset = OPTIONS;
  if (reader.u32() !== MAGIC) reader.fail("no magic cookie", OPTIONS);
  readOptions(message.options, bytes, OPTIONS + 4, bytes.length);
  const overload = message.options.get(DhcpOption.OVERLOAD)?.[0] ?? 0;
  if (overload & 1) readOptions(message.options, bytes, FILE, OPTIONS);
  if (overload & 2) readOptions(message.options, bytes, SNAME, FILE);
  checkSizes(message.options, bytes);
  return message;
}

function readOptions(options: Map<number, Uint8Array>, bytes: Uint8Array, offset: number, end: number): void {
  while (offset < end) {
    const code = bytes[offset++]!;
    if (code === END) return;
    if (code === PAD) continue;
    const size = bytes[offset++];
    if (size === undefined || offset + size > end) throw new DecodeError("dhcpv4", offset - 1, `option ${code} goes beyond the end`);
    const part = bytes.subarray(offset, offset += size);
    const before = options.get(code);
    options.set(code, before ? join(before, part) : part);
  }
  // RFC 2131 §4.1: "the last option must always be the 'end' option".
  throw new DecodeError("dhcpv4", end, "no end option");
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}

function checkSizes(options: Map<number, Uint8Array>, bytes: Uint8Array): void {
  for (const [code, data] of options) {
    const size = OPTION_SIZE[code];
    if (size === undefined) continue;
    const fits = size > 0 ? data.length === size : data.length > 0 && data.length % -size === 0;
    if (!fits) throw new DecodeError("dhcpv4", data.buffer === bytes.buffer ? data.byteOffset - bytes.byteOffset : OPTIONS, `option ${code} of ${data.length} bytes`);
  }
}

/** Padded to the 300 bytes that BOOTP clients expect (RFC 1542 §2.1). Throws EncodeError. */
export function encodeDhcpv4(message: Dhcpv4): Uint8Array {
  const writer = new Writer("dhcpv4", 320);
  writer.u8(message.operation === "request" ? 1 : 2).u16(0x0106).u8(0).u32(message.transaction).u16(message.seconds).u16(message.broadcast ? 0x8000 : 0);
  for (const field of ["clientAddress", "yourAddress", "serverAddress", "relayAddress"] as const) writer.put(ipBytes("dhcpv4", field, message[field], 4));
  writer.put(macBytes("dhcpv4", "clientMac", message.clientMac)).zeros(OPTIONS - writer.length).u32(MAGIC);
  for (const [code, data] of message.options) {
    let offset = 0;
    do {
      const part = data.subarray(offset, offset += 255);
      writer.u8(code).u8(part.length).put(part);
    } while (offset < data.length);
  }
  writer.u8(END);
  return writer.zeros(Math.max(0, 300 - writer.length)).done();
}

/** One of `DhcpType`; undefined in plain BOOTP. */
export function dhcpType(message: Dhcpv4): number | undefined {
  return message.options.get(DhcpOption.MESSAGE_TYPE)?.[0];
}

/** Option 51 and the like, as a 32-bit number. */
export function dhcpNumber(message: Dhcpv4, code: number): number | undefined {
  const data = message.options.get(code);
  return data?.length === 4 ? ((data[0]! << 24) | (data[1]! << 16) | (data[2]! << 8) | data[3]!) >>> 0 : undefined;
}

/** Options 3, 6, 50, 54: all whole addresses in it. */
export function dhcpAddresses(message: Dhcpv4, code: number): Ip[] {
  const data = message.options.get(code) ?? new Uint8Array(0);
  const addresses: Ip[] = [];
  for (let i = 0; i + 4 <= data.length; i += 4) addresses.push(formatIpv4(data, i));
  return addresses;
}

/** The host name a client gives itself (option 12, else the name in 81, RFC 4702 §2.1), cut to what a name may contain; undefined when nothing is left. */
export function dhcpHostname(message: Dhcpv4): string | undefined {
  const plain = message.options.get(DhcpOption.HOSTNAME);
  const fqdn = message.options.get(DhcpOption.FQDN);
  const text = plain ? printable(plain) : fqdn && fqdn.length > 3 ? fqdnText(fqdn) : "";
  return text === "" ? undefined : text;
}

function fqdnText(data: Uint8Array): string {
  const wireFormat = (data[0]! & 0x04) !== 0;
  return wireFormat ? printable(data.subarray(4, 4 + data[3]!)) : printable(data.subarray(3));
}

/** Letters, digits, "-", "_", "." only: it goes to logs and screens. At most 63 characters. */
function printable(data: Uint8Array): string {
  let text = "";
  for (const byte of data.subarray(0, 63)) {
    const c = String.fromCharCode(byte);
    if (/[A-Za-z0-9._-]/.test(c)) text += c;
  }
  return text;
}
