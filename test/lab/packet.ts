// SPDX-License-Identifier: Apache-2.0
// Builds frames for attacks, on Node.js and QuickJS. Apart from the product's own codecs on purpose: a shared mistake would hide itself.
export const broadcast = "ff:ff:ff:ff:ff:ff";
/** UDP port of frames that only carry a nonce. */
export const noncePort = 40404;

export function mac(text: string): Uint8Array {
  return hex(text.replaceAll(":", ""));
}

/** Network bytes of an IPv4 or IPv6 address. */
export function ip(text: string): Uint8Array {
  if (!text.includes(":")) return bytes(...text.split(".").map(Number));
  const [head = "", tail] = text.split("::");
  const groups = (part: string | undefined) => (part ? part.split(":") : []);
  const zeros = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...Array<string>(zeros).fill("0"), ...groups(tail)];
  return hex(all.map((group) => group.padStart(4, "0")).join(""));
}

/** The link-layer group address of an IPv4 or IPv6 group (RFC 1112 section 6.4, RFC 2464 section 7). */
export function groupMac(group: string): string {
  const address = ip(group);
  const text = address.length === 16 ? "3333" + toHex(address.subarray(12)) : "01005e" + toHex(bytes(address[1]! & 0x7f, address[2]!, address[3]!));
  return text.replace(/..(?!$)/g, "$&:");
}

export interface Link {
  from: string;
  to: string;
}

export function ethernet({ from, to }: Link, type: number, payload: Uint8Array): Uint8Array {
  return concat([mac(to), mac(from), u16(type), payload]);
}

/** An IPv4 or IPv6 packet, by its addresses. `protocol` as in IPv4; 1 stands for ICMPv6 too. */
export function packet(source: string, destination: string, protocol: number, payload: Uint8Array, hops = 64): Uint8Array {
  const [from, to] = [ip(source), ip(destination)];
  if (from.length === 16) {
    const next = protocol === 1 ? 58 : protocol;
    return concat([bytes(0x60, 0, 0, 0), u16(payload.length), bytes(next, hops), from, to, payload]);
  }
  const header = concat([bytes(0x45, 0), u16(20 + payload.length), bytes(0, 1, 0, 0, hops, protocol, 0, 0), from, to]);
  header.set(u16(internetChecksum(header)), 10);
  return concat([header, payload]);
}

export function udp(source: string, destination: string, ports: { from: number; to: number }, payload: Uint8Array, hops = 64): Uint8Array {
  const datagram = concat([u16(ports.from), u16(ports.to), u16(8 + payload.length), u16(0), payload]);
  datagram.set(u16(internetChecksum(pseudoHeader(source, destination, 17, datagram)) || 0xffff), 6);
  return packet(source, destination, 17, datagram, hops);
}

/** ICMPv6 with its checksum, which covers the addresses (RFC 4443 section 2.3). */
export function icmp6(source: string, destination: string, message: Uint8Array, hops = 255): Uint8Array {
  const copy = message.slice();
  copy.set(u16(internetChecksum(pseudoHeader(source, destination, 58, copy))), 2);
  return packet(source, destination, 1, copy, hops);
}

/** A frame with a UDP datagram to `noncePort` that carries `nonce`. */
export function nonceFrame(link: Link, source: string, destination: string, nonce: string): Uint8Array {
  return ethernet(link, etherType(source), udp(source, destination, { from: noncePort, to: noncePort }, new TextEncoder().encode(nonce)));
}

export function etherType(address: string): number {
  return address.includes(":") ? 0x86dd : 0x0800;
}

/** ARP (RFC 826). `operation` 1 asks, 2 answers. */
export function arp(link: Link, operation: 1 | 2, sender: { mac: string; ip: string }, target: { mac: string; ip: string }): Uint8Array {
  const body = concat([hex("000108000604"), u16(operation), mac(sender.mac), ip(sender.ip), mac(target.mac), ip(target.ip)]);
  return ethernet(link, 0x0806, body);
}

/** Neighbour solicitation (RFC 4861 section 4.3), with the asker's link-layer address. */
export function neighbourSolicitation(link: Link, source: string, destination: string, target: string): Uint8Array {
  const message = concat([bytes(135, 0, 0, 0, 0, 0, 0, 0), ip(target), bytes(1, 1), mac(link.from)]);
  return ethernet(link, 0x86dd, icmp6(source, destination, message));
}

/** Neighbour advertisement (RFC 4861 section 4.4): solicited and override set. */
export function neighbourAdvertisement(link: Link, source: string, destination: string, target: string, at: string): Uint8Array {
  const message = concat([bytes(136, 0, 0, 0, 0x60, 0, 0, 0), ip(target), bytes(2, 1), mac(at)]);
  return ethernet(link, 0x86dd, icmp6(source, destination, message));
}

/** Router advertisement (RFC 4861 section 4.2) with an autonomous prefix that lasts `lifetime` seconds. */
export function routerAdvertisement(link: Link, source: string, destination: string, prefix: string, lifetime: number): Uint8Array {
  const head = concat([bytes(134, 0, 0, 0, 64, 0), u16(lifetime), new Uint8Array(8)]);
  const information = concat([bytes(3, 4, 64, 0xc0), u32(lifetime), u32(lifetime), u32(0), ip(prefix)]);
  return ethernet(link, 0x86dd, icmp6(source, destination, concat([head, information, bytes(1, 1), mac(link.from)])));
}

/** What a DHCP server sends (RFC 2131): `type` 2 OFFER, 5 ACK. */
export function dhcpReply(link: Link, type: 2 | 5, server: string, offered: string, client: string, transaction: Uint8Array): Uint8Array {
  const fixed = concat([bytes(2, 1, 6, 0), transaction, bytes(0, 0, 0x80, 0), ip("0.0.0.0"), ip(offered), ip(server), ip("0.0.0.0"), mac(client), new Uint8Array(10 + 64 + 128)]);
  const options = concat([hex("63825363"), bytes(53, 1, type, 54, 4), ip(server), bytes(51, 4, 0, 0, 0, 60, 1, 4, 255, 255, 255, 0, 3, 4), ip(server), bytes(255)]);
  return ethernet(link, 0x0800, udp(server, "255.255.255.255", { from: 67, to: 68 }, concat([fixed, options])));
}

function pseudoHeader(source: string, destination: string, protocol: number, payload: Uint8Array): Uint8Array {
  const [from, to] = [ip(source), ip(destination)];
  const length = from.length === 16 ? u32(payload.length) : u16(payload.length);
  const kind = from.length === 16 ? u32(protocol) : u16(protocol);
  return concat([from, to, length, kind, payload]);
}

/** Internet checksum (RFC 1071). */
export function internetChecksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i]! << 8) + (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
  return whole;
}

/** Throws for text that is not pairs of hexadecimal digits. */
export function hex(text: string): Uint8Array {
  if (!/^([0-9a-f]{2})*$/i.test(text)) throw new RangeError(`${text}: expected pairs of hexadecimal digits`);
  return bytes(...(text.match(/../g) ?? []).map((pair) => parseInt(pair, 16)));
}

export const toHex = (data: Uint8Array): string => [...data].map((byte) => byte.toString(16).padStart(2, "0")).join("");
export const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

export function u16(value: number): Uint8Array {
  return bytes(value >> 8, value & 255);
}

export function u32(value: number): Uint8Array {
  return bytes(value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255);
}
