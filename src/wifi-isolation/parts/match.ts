// SPDX-License-Identifier: Apache-2.0
// Matches that several parts use.
import type { Action, FieldValue, Masked, Match } from "node-openvswitch/openflow";
import { ARP, IPV4, IPV6, type Address, type AddressRange } from "../bytes.ts";
import { macBytes } from "../bytes.ts";

/** IEEE 802: the I/G bit of the first byte. */
const GROUP_BIT = macBytes("01:00:00:00:00:00");
export const GROUP_ADDRESS: Masked<Uint8Array> = { value: GROUP_BIT, mask: GROUP_BIT };

export const UNSPECIFIED6 = new Uint8Array(16);
export const LINK_LOCAL: AddressRange = { type: IPV6, match: { value: Uint8Array.of(0xfe, 0x80, ...new Uint8Array(14)), mask: Uint8Array.of(0xff, 0xc0, ...new Uint8Array(14)) } };

/** RFC 2131 §4.1, RFC 8415 §7.2: from client to server, and back. */
export const DHCP4_REQUEST: Match = { eth_type: IPV4, nw_proto: 17, udp_src: 68, udp_dst: 67 };
export const DHCP6_REQUEST: Match = { eth_type: IPV6, nw_proto: 17, udp_src: 546, udp_dst: 547 };
export const DHCP4_REPLY: Match = { eth_type: IPV4, nw_proto: 17, udp_src: 67, udp_dst: 68 };
export const DHCP6_REPLY: Match = { eth_type: IPV6, nw_proto: 17, udp_src: 547, udp_dst: 546 };

export const NS = 135;
export const NA = 136;

export function icmp6(type: number, more?: Match): Match {
  return { eth_type: IPV6, nw_proto: 58, icmpv6_type: type, ...more };
}

export function arp(more?: Match): Match {
  return { eth_type: ARP, ...more };
}

type Given = Address | AddressRange;
const valueOf = (given: Given): FieldValue | Masked => ("match" in given ? given.match : given.value);

export function ipSource(given: Given): Match {
  return given.type === IPV4 ? { eth_type: IPV4, ip_src: valueOf(given) } : { eth_type: IPV6, ipv6_src: valueOf(given) };
}

export function ipDestination(given: Given): Match {
  return given.type === IPV4 ? { eth_type: IPV4, ip_dst: valueOf(given) } : { eth_type: IPV6, ipv6_dst: valueOf(given) };
}

/** The destination of the connection's first packet, for packets of both directions and the ICMP errors about it. Needs ct_state with +trk. */
export function connectionDestination(given: Given): Match {
  return given.type === IPV4 ? { eth_type: IPV4, ct_nw_dst: valueOf(given) } : { eth_type: IPV6, ct_ipv6_dst: valueOf(given) };
}

/** Who asks about an address: an ARP request or a neighbour solicitation. */
export function askedAddress(given: Given): Match {
  return given.type === IPV4 ? arp({ arp_op: 1, arp_tpa: valueOf(given) }) : icmp6(NS, { nd_target: valueOf(given) });
}

/** ct_state bits: 0x08 rpl, 0x10 inv, 0x20 trk. */
export const STATE_MASK = 0x38;
/** Of the connection's own direction. */
export const FORWARD = { value: 0x20, mask: STATE_MASK };

export const NO_ACTIONS: readonly Action[] = [];
