// SPDX-License-Identifier: Apache-2.0
// Takes recorded frames apart and puts them together again, for the tests.
import { decodeDhcpv4, decodeDhcpv6, decodeDns, dissect, encodeArp, encodeDhcpv4, encodeDhcpv6, encodeDns, encodeEthernet, encodeIcmp, encodeIcmpv6, encodeIpv4, encodeIpv6, encodeTcp, encodeUdp, endsOf, type Ipv4, type Ipv6, type Packet, type Upper } from "../index.ts";
import { fromHex } from "./bytes.ts";
import { FRAMES } from "./vectors/frames.ts";

export const PACKETS = FRAMES.map(([description, hex]) => ({ description, bytes: fromHex(hex), packet: dissect(fromHex(hex)) }));

/** The codec of what a UDP port carries. */
export const APPLICATIONS = [
  { name: "dhcpv4", ports: [67, 68], decode: decodeDhcpv4, encode: encodeDhcpv4 as (message: never) => Uint8Array },
  { name: "dhcpv6", ports: [546, 547], decode: decodeDhcpv6, encode: encodeDhcpv6 as (message: never) => Uint8Array },
  { name: "dns", ports: [53], decode: decodeDns, encode: encodeDns as (message: never) => Uint8Array },
] as const;

export function udpPayload({ network }: Packet, ports: readonly number[]): Uint8Array | undefined {
  if (network.type !== "ip" || network.upper.type !== "udp") return undefined;
  const { sourcePort, destinationPort, payload } = network.upper.udp;
  return ports.includes(sourcePort) || ports.includes(destinationPort) ? payload : undefined;
}

/** Every recorded payload of an application, with its description. */
export function payloadsOf(name: (typeof APPLICATIONS)[number]["name"]): { description: string; payload: Uint8Array }[] {
  const { ports } = APPLICATIONS.find((application) => application.name === name)!;
  return PACKETS.flatMap(({ description, packet }) => {
    const payload = udpPayload(packet, ports);
    return payload ? [{ description, payload }] : [];
  });
}

/** All layers encoded anew. */
export function assemble({ ethernet, network }: Packet): Uint8Array {
  if (network.type === "arp") return encodeEthernet({ ...ethernet, payload: encodeArp(network.arp) });
  if (network.type === "none") return encodeEthernet(ethernet);
  const ip = { ...network.ip, payload: assembleUpper(network.ip, network.upper) };
  return encodeEthernet({ ...ethernet, payload: "ttl" in ip ? encodeIpv4(ip) : encodeIpv6(ip) });
}

function assembleUpper(ip: Ipv4 | Ipv6, upper: Upper): Uint8Array {
  switch (upper.type) {
    case "tcp": return encodeTcp(upper.tcp, endsOf(ip));
    case "udp": return encodeUdp(upper.udp, endsOf(ip));
    case "icmp": return encodeIcmp(upper.icmp);
    case "icmpv6": return encodeIcmpv6(upper.icmpv6, endsOf(ip));
    case "none": return ip.payload;
  }
}
