// SPDX-License-Identifier: Apache-2.0
// A whole frame, layer by layer, as far as the gateway reads it.
import { decodeArp, type Arp } from "./arp.ts";
import { decodeEthernet, EtherType, type Ethernet } from "./ethernet.ts";
import { decodeIcmp, type Icmp } from "./icmp.ts";
import { decodeIcmpv6, type Icmpv6 } from "./icmpv6.ts";
import { parseIp, type Ip } from "./ip.ts";
import { decodeIpv4, Protocol, type Ipv4 } from "./ipv4.ts";
import { decodeIpv6, type Ipv6 } from "./ipv6.ts";
import { decodeTcp, type Tcp } from "./tcp.ts";
import { decodeUdp, type Udp } from "./udp.ts";

export type Upper =
  | { type: "tcp"; tcp: Tcp }
  | { type: "udp"; udp: Udp }
  | { type: "icmp"; icmp: Icmp }
  | { type: "icmpv6"; icmpv6: Icmpv6 }
  /** Another protocol, or a fragment that is not the first. */
  | { type: "none" };

export type Network3 =
  | { type: "arp"; arp: Arp }
  | { type: "ip"; ip: Ipv4 | Ipv6; upper: Upper }
  /** Another ethertype. */
  | { type: "none" };

export interface Packet {
  ethernet: Ethernet;
  network: Network3;
}

/** Throws DecodeError of the layer that is malformed. */
export function dissect(bytes: Uint8Array): Packet {
  const ethernet = decodeEthernet(bytes);
  return { ethernet, network: dissectNetwork(ethernet) };
}

function dissectNetwork({ etherType, payload }: Ethernet): Network3 {
  if (etherType === EtherType.ARP) return { type: "arp", arp: decodeArp(payload) };
  if (etherType === EtherType.IPV4) {
    const ip = decodeIpv4(payload);
    return { type: "ip", ip, upper: dissectUpper(ip, ip.fragmentOffset > 0, ip.moreFragments) };
  }
  if (etherType === EtherType.IPV6) {
    const ip = decodeIpv6(payload);
    return { type: "ip", ip, upper: dissectUpper(ip, (ip.fragment?.offset ?? 0) > 0, ip.fragment?.more ?? false) };
  }
  return { type: "none" };
}

/** `first`: only the first of several fragments is here, so lengths and checksums of ICMP cannot be judged. */
function dissectUpper(ip: Ipv4 | Ipv6, later: boolean, first: boolean): Upper {
  if (later) return { type: "none" };
  if (ip.protocol === Protocol.TCP) return { type: "tcp", tcp: decodeTcp(ip.payload) };
  if (first) return { type: "none" };
  if (ip.protocol === Protocol.UDP) return { type: "udp", udp: decodeUdp(ip.payload) };
  if (ip.protocol === Protocol.ICMP && !ip.source.includes(":")) return { type: "icmp", icmp: decodeIcmp(ip.payload) };
  if (ip.protocol === Protocol.ICMPV6 && ip.source.includes(":")) return { type: "icmpv6", icmpv6: decodeIcmpv6(ip.payload, endsOf(ip)) };
  return { type: "none" };
}

/** The packed ends that checksums need. */
export function endsOf(ip: { source: Ip; destination: Ip }): { source: Uint8Array; destination: Uint8Array } {
  return { source: parseIp(ip.source)!, destination: parseIp(ip.destination)! };
}
