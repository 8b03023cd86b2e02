// SPDX-License-Identifier: Apache-2.0
import { FIELDS, findField } from "../fields.ts";
import type { FieldValue, Masked, Match } from "../types.ts";
import { number, scan, TextError, type Item } from "./scan.ts";
import { formatValue, parseValue, type PortNames } from "./values.ts";

/** Abbreviations of ovs-ofctl(8): ethertype and IP protocol. */
export const PROTOCOLS: Readonly<Record<string, readonly [number, number?]>> = {
  ip: [0x0800], ipv6: [0x86dd], icmp: [0x0800, 1], icmp6: [0x86dd, 58], tcp: [0x0800, 6], tcp6: [0x86dd, 6], udp: [0x0800, 17],
  udp6: [0x86dd, 17], sctp: [0x0800, 132], sctp6: [0x86dd, 132], arp: [0x0806], rarp: [0x8035], mpls: [0x8847], mplsm: [0x8848],
};

/** "in_port=1,tcp,ip_dst=10.0.0.0/24,tp_dst=80". Throws TextError. */
export function parseMatch(text: string, ports: PortNames = {}): Match {
  const match: Match = {};
  for (const item of scan(text)) {
    if (!addToMatch(match, item, ports)) throw new TextError(item.text, "unknown field");
  }
  return match;
}

/** Adds one item of a flow to the match; false when it is not one of a match. */
export function addToMatch(match: Match, item: Item, ports: PortNames): boolean {
  const { key, value } = item;
  const protocol = value === "" ? PROTOCOLS[key] : undefined;
  if (protocol) {
    match["eth_type"] = protocol[0];
    if (protocol[1] !== undefined) match["nw_proto"] = protocol[1];
    return true;
  }
  if (key === "eth" && value === "") return true;
  if (key === "dl_vlan" || key === "dl_vlan_pcp" || key === "vlan_pcp") return addVlan(match, key, value);
  if (key.startsWith("oxm:")) throw new TextError(item.text, "fields without a name cannot be given as text");
  const field = findField(key === "in_port" ? "in_port_oxm" : fieldFor(match, key));
  if (field === undefined) return false;
  const name = field.name === "in_port_oxm" ? "in_port" : field.name;
  match[name] = key === "packet_type" ? parseValue(field, value || item.tail, ports) : parseValue(field, value, ports);
  return true;
}

/** "dl_vlan=5" is vlan_vid with the bit that says there is a tag; 0xffff: there is none. */
function addVlan(match: Match, key: string, value: string): boolean {
  if (key === "dl_vlan") {
    const vid = number(value, 16);
    match["vlan_vid"] = vid === 0xffff ? 0 : 0x1000 | vid;
  } else {
    match["vlan_pcp"] = number(value, 3);
    match["vlan_vid"] ??= { value: 0x1000, mask: 0x1000 };
  }
  return true;
}

/** Old names mean different fields for different protocols. */
function fieldFor(match: Match, key: string): string {
  const arp = match["eth_type"] === 0x0806 || match["eth_type"] === 0x8035;
  const protocol = match["nw_proto"];
  if (arp && key === "nw_src") return "arp_spa";
  if (arp && key === "nw_dst") return "arp_tpa";
  if (arp && key === "nw_proto") return "arp_op";
  if (protocol === 58 && key.startsWith("icmp_")) return key.replace("icmp_", "icmpv6_");
  const end = /^tp_(src|dst)$/.exec(key)?.[1];
  if (end === undefined) return key;
  if (protocol === 1 || protocol === 58) return `${protocol === 1 ? "icmp" : "icmpv6"}_${end === "src" ? "type" : "code"}`;
  return `${protocol === 17 ? "udp" : protocol === 132 ? "sctp" : "tcp"}_${end}`;
}

/** Text that `parseMatch` reads back, fields in Open vSwitch's order. */
export function formatMatch(match: Match): string {
  const parts: string[] = [];
  const named = protocolOf(match);
  if (named) parts.push(named);
  for (const name of orderedNames(match)) {
    if (named && (name === "eth_type" || (name === "nw_proto" && PROTOCOLS[named]![1] !== undefined))) continue;
    parts.push(formatField(name, match[name]!));
  }
  return parts.join(",");
}

function protocolOf(match: Match): string | undefined {
  const known = Object.keys(PROTOCOLS).filter((name) => PROTOCOLS[name]![0] === match["eth_type"]);
  return known.find((name) => PROTOCOLS[name]![1] !== undefined && PROTOCOLS[name]![1] === match["nw_proto"]) ?? known.find((name) => PROTOCOLS[name]![1] === undefined);
}

function orderedNames(match: Match): string[] {
  const rank = (name: string) => (name === "in_port" ? findField("in_port_oxm") : findField(name))?.rank ?? FIELDS.length;
  return Object.keys(match).sort((a, b) => rank(a) - rank(b));
}

function formatField(name: string, value: FieldValue | Masked): string {
  if (name === "vlan_vid" && typeof value === "number" && value & 0x1000) return `dl_vlan=${value & 0xfff}`;
  if (name === "vlan_vid" && typeof value === "number") return "vlan_tci=0x0000/0x1fff";
  const field = findField(name === "in_port" ? "in_port_oxm" : name);
  return field ? `${name}=${formatValue(field, value)}` : `${name}=?`;
}

