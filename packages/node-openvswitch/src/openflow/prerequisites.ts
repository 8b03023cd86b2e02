// SPDX-License-Identifier: Apache-2.0
import { EncodeError } from "./errors.ts";
import type { FieldValue, Masked, Match } from "./types.ts";

type Given = FieldValue | Masked | undefined;

const ETHERTYPES: Readonly<Record<string, readonly number[]>> = {
  ipv4: [0x0800], ipv6: [0x86dd], ip: [0x0800, 0x86dd], arp: [0x0806, 0x8035], mpls: [0x8847, 0x8848], nsh: [0x894f],
  tcp: [0x0800, 0x86dd], udp: [0x0800, 0x86dd], sctp: [0x0800, 0x86dd], icmp: [0x0800], icmpv6: [0x86dd], nd: [0x86dd], ns: [0x86dd], na: [0x86dd],
};
const PROTOCOLS: Readonly<Record<string, number>> = { tcp: 6, udp: 17, sctp: 132, icmp: 1, icmpv6: 58, nd: 58, ns: 58, na: 58 };
const ICMPV6_TYPES: Readonly<Record<string, readonly number[]>> = { nd: [135, 136], ns: [135], na: [136] };

/** Refuses a match that has `field` without what the field needs (ovs-fields(7), "Prerequisites"). */
export function checkPrerequisite(field: string, need: string, match: Match): void {
  if (need === "vlan") return require(field, (Math.max(0, exact(match["vlan_vid"] ?? match["vlan_tci"])) & 0x1000) !== 0, "a vlan_vid with its bit 12 set");
  if (need === "ct") return require(field, (trackedBits(match["ct_state"]) & 0x20) !== 0, "ct_state with +trk");
  const types = ETHERTYPES[need];
  if (types && !types.includes(exact(match["eth_type"] ?? match["dl_type"]))) require(field, false, `eth_type ${types.map((type) => `0x${type.toString(16)}`).join(" or ")}`);
  const protocol = PROTOCOLS[need];
  if (protocol !== undefined) require(field, exact(match["nw_proto"] ?? match["ip_proto"]) === protocol, `nw_proto ${protocol}`);
  const icmp = ICMPV6_TYPES[need];
  if (icmp) require(field, icmp.includes(exact(match["icmpv6_type"])), `icmpv6_type ${icmp.join(" or ")}`);
}

function require(field: string, held: boolean, what: string): void {
  if (!held) throw new EncodeError(field, `needs ${what} in the match`);
}

/** The number a field is matched against, or -1; a mask is ignored, as Open vSwitch does for VLANs. */
function exact(given: Given): number {
  if (typeof given === "number") return given;
  return typeof given === "object" && "mask" in given && typeof given.value === "number" ? given.value : -1;
}

function trackedBits(given: Given): number {
  if (typeof given === "number") return given;
  return typeof given === "object" && "mask" in given && typeof given.value === "number" ? given.value & Number(given.mask) : 0;
}
