// SPDX-License-Identifier: Apache-2.0
// Small builders of frames for tests.
import { macBytes, parseAddress } from "../bytes.ts";
import type { Ip, Mac } from "../network.ts";
import { fixChecksums } from "./checksums.ts";
import { layoutOf } from "./fields.ts";

/** Who sends and who is addressed, on the link and on the network. */
export interface Ends {
  from: { mac: Mac; ip: Ip };
  to: { mac: Mac; ip: Ip };
}

export const BROADCAST: Mac = "ff:ff:ff:ff:ff:ff";

export function ethernet(to: Mac, from: Mac, type: number, payload: number[]): Uint8Array {
  return Uint8Array.of(...macBytes(to), ...macBytes(from), type >>> 8, type & 255, ...payload);
}

export function ipBytes(text: Ip): number[] {
  const { value } = parseAddress(text);
  return typeof value === "number" ? [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255] : [...value];
}

const u16 = (value: number): number[] => [(value >>> 8) & 255, value & 255];

/** An IP packet with right checksums. `fragment`: the 16 bits of flags and offset (IPv4). */
export function packet({ from, to }: Ends, protocol: number, payload: number[], fragment = 0): Uint8Array {
  const v6 = from.ip.includes(":");
  const header = v6
    ? [0x60, 0, 0, 0, ...u16(payload.length), protocol, 255, ...ipBytes(from.ip), ...ipBytes(to.ip)]
    : [0x45, 0, ...u16(20 + payload.length), 0x12, 0x34, ...u16(fragment), 64, protocol, 0, 0, ...ipBytes(from.ip), ...ipBytes(to.ip)];
  const frame = ethernet(to.mac, from.mac, v6 ? 0x86dd : 0x0800, [...header, ...payload]);
  return fixChecksums(frame, layoutOf(frame));
}

export function udp(ends: Ends, source: number, destination: number, data: number[] = [1, 2, 3, 4]): Uint8Array {
  return packet(ends, 17, [...u16(source), ...u16(destination), ...u16(8 + data.length), 0, 0, ...data]);
}

export const SYN = 2, ACK = 16, PSH = 8, RST = 4;

export function tcp(ends: Ends, source: number, destination: number, flags = SYN, data: number[] = []): Uint8Array {
  return packet(ends, 6, [...u16(source), ...u16(destination), 0, 0, 0, 1, 0, 0, 0, 0, 0x50, flags, 0x20, 0, 0, 0, 0, 0, ...data]);
}

/** Echo request or reply, ICMP or ICMPv6 by the addresses. */
export function echo(ends: Ends, reply = false): Uint8Array {
  const v6 = ends.from.ip.includes(":");
  return packet(ends, v6 ? 58 : 1, [v6 ? (reply ? 129 : 128) : reply ? 0 : 8, 0, 0, 0, 0, 7, 0, 1]);
}

/** Destination unreachable about `about`, whole. */
export function unreachable(ends: Ends, about: Uint8Array): Uint8Array {
  const v6 = ends.from.ip.includes(":");
  return packet(ends, v6 ? 58 : 1, [v6 ? 1 : 3, 4, 0, 0, 0, 0, 0, 0, ...about.slice(14)]);
}

export function arp(operation: 1 | 2, sender: { mac: Mac; ip: Ip }, target: { mac?: Mac; ip: Ip }, link: { from?: Mac; to?: Mac } = {}): Uint8Array {
  const body = [0, 1, 8, 0, 6, 4, 0, operation, ...macBytes(sender.mac), ...ipBytes(sender.ip), ...macBytes(target.mac ?? "00:00:00:00:00:00"), ...ipBytes(target.ip)];
  return ethernet(link.to ?? BROADCAST, link.from ?? sender.mac, 0x0806, body);
}

function linkLayerOption(type: number, mac: Mac | undefined): number[] {
  return mac === undefined ? [] : [type, 1, ...macBytes(mac)];
}

/** Neighbour solicitation; `option`: the source link-layer address inside. */
export function solicitation(ends: Ends, target: Ip, option?: Mac): Uint8Array {
  return packet(ends, 58, [135, 0, 0, 0, 0, 0, 0, 0, ...ipBytes(target), ...linkLayerOption(1, option)]);
}

export function advertisement(ends: Ends, target: Ip, option?: Mac, flags = 0x60): Uint8Array {
  return packet(ends, 58, [136, 0, 0, 0, flags, 0, 0, 0, ...ipBytes(target), ...linkLayerOption(2, option)]);
}

export function icmp6(ends: Ends, type: number): Uint8Array {
  return packet(ends, 58, [type, 0, 0, 0, 0, 0, 0, 0, ...new Array<number>(8).fill(0)]);
}

/** The solicited-node group of an IPv6 address (RFC 4291 §2.7.1) and its link-layer address. */
export function solicitedNode(address: Ip): { mac: Mac; ip: Ip } {
  const [a, b, c] = ipBytes(address).slice(13).map((byte) => byte.toString(16).padStart(2, "0"));
  return { mac: `33:33:ff:${a}:${b}:${c}`, ip: `ff02::1:ff${a}:${b}${c}` };
}
