// SPDX-License-Identifier: Apache-2.0
// What a frame tells the device table.
import type { Ip } from "../../wifi-isolation/network.ts";
import { decodeDhcpv4, decodeDhcpv6, DhcpOption, dhcpHostname, dhcpNumber, DhcpType, dhcpType, Dhcpv6Type, dhcpv6Leases, type Packet } from "../../packets/index.ts";
import type { Lease } from "./table.ts";

const DHCP_SERVER = 67, DHCPV6_CLIENT = 546;

/**
 * The leases in a DHCP answer (the ACK of a request, the REPLY); none in any other packet. DHCPv6 replies go to the client's own MAC, DHCP
 * ones name it. Throws DecodeError when the answer is malformed.
 */
export function leasesIn({ ethernet, network }: Packet): Lease[] {
  if (network.type !== "ip" || network.upper.type !== "udp") return [];
  const { sourcePort, destinationPort, payload } = network.upper.udp;
  if (sourcePort === DHCP_SERVER) return dhcpv4Leases(payload);
  if (destinationPort !== DHCPV6_CLIENT) return [];
  const message = decodeDhcpv6(payload);
  return message.type === Dhcpv6Type.REPLY ? dhcpv6Leases(message).map((lease) => ({ mac: ethernet.destination, ...lease })) : [];
}

function dhcpv4Leases(payload: Uint8Array): Lease[] {
  const message = decodeDhcpv4(payload);
  const seconds = dhcpNumber(message, DhcpOption.LEASE_SECONDS);
  // The ACK of an INFORM leases nothing and has no lease time (RFC 2131 §4.3.5).
  if (message.operation !== "reply" || dhcpType(message) !== DhcpType.ACK || seconds === undefined || message.yourAddress === "0.0.0.0") return [];
  const hostname = dhcpHostname(message);
  return [{ mac: message.clientMac, address: message.yourAddress, seconds, ...(hostname === undefined ? {} : { hostname }) }];
}

/** The address that the sender of a frame uses as its own; undefined for a probe, and where there is none. */
export function senderAddress({ network }: Packet): Ip | undefined {
  const address = network.type === "arp" ? network.arp.senderIp : network.type === "ip" ? network.ip.source : undefined;
  return address === "0.0.0.0" || address === "::" ? undefined : address;
}
