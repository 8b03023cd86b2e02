// SPDX-License-Identifier: Apache-2.0
// Builds frames for attacks. Apart from the product's own codecs on purpose: a shared mistake would hide itself.
export const broadcast = "ff:ff:ff:ff:ff:ff";
/** UDP port of frames that only carry a nonce. */
export const noncePort = 40404;

export function mac(text: string): Buffer {
  return Buffer.from(text.replaceAll(":", ""), "hex");
}

/** Network bytes of an IPv4 or IPv6 address. */
export function ip(text: string): Buffer {
  if (!text.includes(":")) return Buffer.from(text.split(".").map(Number));
  const [head = "", tail] = text.split("::");
  const groups = (part: string | undefined) => (part ? part.split(":") : []);
  const zeros = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...Array<string>(zeros).fill("0"), ...groups(tail)];
  return Buffer.from(all.map((group) => group.padStart(4, "0")).join(""), "hex");
}

/** The link-layer group address of an IPv4 or IPv6 group (RFC 1112 section 6.4, RFC 2464 section 7). */
export function groupMac(group: string): string {
  const bytes = ip(group);
  const hex = bytes.length === 16 ? "3333" + bytes.toString("hex", 12) : "01005e" + Buffer.from([bytes[1]! & 0x7f, bytes[2]!, bytes[3]!]).toString("hex");
  return hex.replace(/..(?!$)/g, "$&:");
}

export interface Link {
  from: string;
  to: string;
}

export function ethernet({ from, to }: Link, type: number, payload: Buffer): Buffer {
  return Buffer.concat([mac(to), mac(from), u16(type), payload]);
}

/** An IPv4 or IPv6 packet, by its addresses. `protocol` as in IPv4; 1 stands for ICMPv6 too. */
export function packet(source: string, destination: string, protocol: number, payload: Buffer, hops = 64): Buffer {
  const [from, to] = [ip(source), ip(destination)];
  if (from.length === 16) {
    const next = protocol === 1 ? 58 : protocol;
    return Buffer.concat([Buffer.from([0x60, 0, 0, 0]), u16(payload.length), Buffer.from([next, hops]), from, to, payload]);
  }
  const header = Buffer.concat([Buffer.from([0x45, 0]), u16(20 + payload.length), Buffer.from([0, 1, 0, 0, hops, protocol, 0, 0]), from, to]);
  header.writeUInt16BE(checksum(header), 10);
  return Buffer.concat([header, payload]);
}

export function udp(source: string, destination: string, ports: { from: number; to: number }, payload: Buffer): Buffer {
  const datagram = Buffer.concat([u16(ports.from), u16(ports.to), u16(8 + payload.length), u16(0), payload]);
  datagram.writeUInt16BE(checksum(pseudoHeader(source, destination, 17, datagram)) || 0xffff, 6);
  return packet(source, destination, 17, datagram);
}

/** ICMPv6 with its checksum, which covers the addresses (RFC 4443 section 2.3). */
export function icmp6(source: string, destination: string, message: Buffer, hops = 255): Buffer {
  const copy = Buffer.from(message);
  copy.writeUInt16BE(checksum(pseudoHeader(source, destination, 58, copy)), 2);
  return packet(source, destination, 1, copy, hops);
}

/** A frame with a UDP datagram to `noncePort` that carries `nonce`. */
export function nonceFrame(link: Link, source: string, destination: string, nonce: string): Buffer {
  return ethernet(link, etherType(source), udp(source, destination, { from: noncePort, to: noncePort }, Buffer.from(nonce)));
}

export function etherType(address: string): number {
  return address.includes(":") ? 0x86dd : 0x0800;
}

/** ARP (RFC 826). `operation` 1 asks, 2 answers. */
export function arp(link: Link, operation: 1 | 2, sender: { mac: string; ip: string }, target: { mac: string; ip: string }): Buffer {
  const body = Buffer.concat([Buffer.from("000108000604", "hex"), u16(operation), mac(sender.mac), ip(sender.ip), mac(target.mac), ip(target.ip)]);
  return ethernet(link, 0x0806, body);
}

/** Neighbour advertisement (RFC 4861 section 4.4): solicited and override set. */
export function neighbourAdvertisement(link: Link, source: string, destination: string, target: string, at: string): Buffer {
  const message = Buffer.concat([Buffer.from([136, 0, 0, 0, 0x60, 0, 0, 0]), ip(target), Buffer.from([2, 1]), mac(at)]);
  return ethernet(link, 0x86dd, icmp6(source, destination, message));
}

/** Router advertisement (RFC 4861 section 4.2) with an autonomous prefix that lasts `lifetime` seconds. */
export function routerAdvertisement(link: Link, source: string, destination: string, prefix: string, lifetime: number): Buffer {
  const head = Buffer.concat([Buffer.from([134, 0, 0, 0, 64, 0]), u16(lifetime), Buffer.alloc(8)]);
  const information = Buffer.concat([Buffer.from([3, 4, 64, 0xc0]), u32(lifetime), u32(lifetime), u32(0), ip(prefix)]);
  return ethernet(link, 0x86dd, icmp6(source, destination, Buffer.concat([head, information, Buffer.from([1, 1]), mac(link.from)])));
}

/** What a DHCP server sends (RFC 2131): `type` 2 OFFER, 5 ACK. */
export function dhcpReply(link: Link, type: 2 | 5, server: string, offered: string, client: string, transaction: Buffer): Buffer {
  const fixed = Buffer.concat([Buffer.from([2, 1, 6, 0]), transaction, Buffer.from([0, 0, 0x80, 0]), ip("0.0.0.0"), ip(offered), ip(server), ip("0.0.0.0"), mac(client), Buffer.alloc(10 + 64 + 128)]);
  const options = Buffer.concat([Buffer.from("63825363", "hex"), Buffer.from([53, 1, type, 54, 4]), ip(server), Buffer.from([51, 4, 0, 0, 0, 60, 1, 4, 255, 255, 255, 0, 3, 4]), ip(server), Buffer.from([255])]);
  return ethernet(link, 0x0800, udp(server, "255.255.255.255", { from: 67, to: 68 }, Buffer.concat([fixed, options])));
}

function pseudoHeader(source: string, destination: string, protocol: number, payload: Buffer): Buffer {
  const [from, to] = [ip(source), ip(destination)];
  const length = from.length === 16 ? u32(payload.length) : u16(payload.length);
  const kind = from.length === 16 ? u32(protocol) : u16(protocol);
  return Buffer.concat([from, to, length, kind, payload]);
}

/** Internet checksum (RFC 1071). */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i]! << 8) + (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function u16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 255]);
}

function u32(value: number): Buffer {
  return Buffer.from([value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255]);
}
