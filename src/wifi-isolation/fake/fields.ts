// SPDX-License-Identifier: Apache-2.0
// Fields of a frame by their names in Open vSwitch, as places in its bytes. For the fake flow table only: it shares nothing with the product's codecs.

type Place = readonly [offset: number, size: number];

export interface Layout {
  places: Map<string, Place>;
  /** Fields that are not bytes of the frame. */
  values: Map<string, number | Uint8Array>;
  /** Where the layer-4 header begins and what it is; undefined for later fragments. */
  payload?: { offset: number; protocol: number };
}

const NO_MAC = new Uint8Array(6);

export function layoutOf(frame: Uint8Array): Layout {
  const layout: Layout = { places: new Map([["eth_dst", [0, 6]], ["eth_src", [6, 6]]]), values: new Map() };
  let at = 12;
  layout.values.set("vlan_tci", 0);
  if (u16(frame, 12) === 0x8100) {
    layout.values.set("vlan_tci", u16(frame, 14) | 0x1000);
    at = 16;
  }
  layout.places.set("eth_type", [at, 2]);
  const type = u16(frame, at);
  if (type === 0x0806) arp(layout, at + 2);
  if (type === 0x0800) ipv4(layout, frame, at + 2);
  if (type === 0x86dd) ipv6(layout, frame, at + 2);
  return layout;
}

function arp({ places }: Layout, at: number): void {
  places.set("arp_op", [at + 6, 2]).set("arp_sha", [at + 8, 6]).set("arp_spa", [at + 14, 4]).set("arp_tha", [at + 18, 6]).set("arp_tpa", [at + 24, 4]);
}

function ipv4(layout: Layout, frame: Uint8Array, at: number): void {
  layout.places.set("nw_ttl", [at + 8, 1]).set("nw_proto", [at + 9, 1]).set("ip_src", [at + 12, 4]).set("ip_dst", [at + 16, 4]);
  layout.values.set("ip_frag", (u16(frame, at + 6) & 0x1fff) !== 0 ? 3 : (u16(frame, at + 6) & 0x2000) !== 0 ? 1 : 0);
  if ((u16(frame, at + 6) & 0x1fff) === 0) transport(layout, frame, at + (frame[at]! & 15) * 4, frame[at + 9]!);
}

function ipv6(layout: Layout, frame: Uint8Array, at: number): void {
  layout.places.set("nw_ttl", [at + 7, 1]).set("ipv6_src", [at + 8, 16]).set("ipv6_dst", [at + 24, 16]);
  let next = frame[at + 6]!;
  let offset = at + 40;
  let first = true;
  if (next === 44) {
    first = (u16(frame, offset + 2) & 0xfff8) === 0;
    next = frame[offset]!;
    offset += 8;
  }
  layout.values.set("nw_proto", next);
  if (first) transport(layout, frame, offset, next);
}

function transport(layout: Layout, frame: Uint8Array, at: number, protocol: number): void {
  const { places, values } = layout;
  layout.payload = { offset: at, protocol };
  if (protocol === 6 || protocol === 17) {
    const name = protocol === 6 ? "tcp" : "udp";
    places.set(`${name}_src`, [at, 2]).set(`${name}_dst`, [at + 2, 2]);
    if (protocol === 6) values.set("tcp_flags", u16(frame, at + 12) & 0xfff);
  }
  if (protocol === 1) places.set("icmp_type", [at, 1]).set("icmp_code", [at + 1, 1]);
  if (protocol === 58) {
    places.set("icmpv6_type", [at, 1]).set("icmpv6_code", [at + 1, 1]);
    if (frame[at] === 135 || frame[at] === 136) neighbour(layout, frame, at);
  }
}

/** RFC 4861 §4.3, §4.4. Without the option its field is zero, as in Open vSwitch. */
function neighbour({ places, values }: Layout, frame: Uint8Array, at: number): void {
  places.set("nd_reserved", [at + 4, 4]).set("nd_target", [at + 8, 16]);
  const field = frame[at] === 135 ? "nd_sll" : "nd_tll";
  values.set(field, NO_MAC);
  for (let option = at + 24; option + 8 <= frame.length && frame[option + 1]! > 0; option += frame[option + 1]! * 8) {
    const type = frame[option]!;
    if (type !== 1 && type !== 2) continue;
    places.set("nd_options_type", [option, 1]);
    if ((type === 1) === (field === "nd_sll")) {
      values.delete(field);
      places.set(field, [option + 2, 6]);
    }
    return;
  }
}

/** Numbers up to 4 bytes, else bytes; undefined when the frame has no such field. */
export function readField(frame: Uint8Array, layout: Layout, field: string): number | Uint8Array | undefined {
  const place = layout.places.get(field);
  if (!place) return layout.values.get(field);
  const [offset, size] = place;
  if (size > 4) return frame.slice(offset, offset + size);
  let value = 0;
  for (let index = 0; index < size; index++) value = value * 256 + frame[offset + index]!;
  return value;
}

/** Throws when the frame has no such field. */
export function writeField(frame: Uint8Array, layout: Layout, field: string, value: number | Uint8Array): void {
  const place = layout.places.get(field);
  if (!place) throw new Error(`the frame has no ${field} to write`);
  const [offset, size] = place;
  for (let index = 0; index < size; index++) frame[offset + index] = typeof value === "number" ? Math.floor(value / 256 ** (size - 1 - index)) & 255 : value[index]!;
}

export function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
