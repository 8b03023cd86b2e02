// SPDX-License-Identifier: Apache-2.0
// Reason solicited: a station asks for another that it may know, by IPv6, and the switch cannot write the answer.
import { dissect, encodeEthernet, encodeIcmpv6, encodeIpv6, EtherType, endsOf, Protocol, type Ipv6 } from "../../packets/index.ts";
import type { Mac } from "../../wifi-isolation/index.ts";
import type { Handling } from "./dispatcher.ts";
import type { HeldFrame } from "./frame.ts";

export interface NeighbourParts {
  /** By which stations know each other; undefined: no port is thin any more. */
  virtualMac(): Mac | undefined;
  /** Sends a frame out of the port with this number, past the tables. */
  send(port: number, frame: Uint8Array): void;
}

/** RFC 4861 §7.1. */
const HOP_LIMIT = 255;

/** Pipeline and policy have judged it: the asker is who it says, the target a device's, and a rule joins the two. Throws DecodeError. */
export function handleSolicitation(parts: NeighbourParts, { port, bytes }: HeldFrame): Handling {
  const mac = parts.virtualMac();
  const answer = mac === undefined ? undefined : advertisementFor(bytes, mac);
  if (answer) parts.send(port, answer);
  return { act: "drop" };
}

/** RFC 4861 §4.4, §7.2.4: solicited, with the link-layer address also where the question, a unicast probe, came without one. undefined: no solicitation with a sender. */
function advertisementFor(frame: Uint8Array, mac: Mac): Uint8Array | undefined {
  const { ethernet, network } = dissect(frame);
  if (network.type !== "ip" || network.upper.type !== "icmpv6" || network.upper.icmpv6.type !== "neighbour-solicitation") return undefined;
  const { target } = network.upper.icmpv6;
  const ends = { source: target, destination: network.ip.source };
  if (ends.destination === "::") return undefined;
  const payload = encodeIcmpv6({ type: "neighbour-advertisement", target, router: false, solicited: true, override: true, options: [{ type: "target-link", mac }] }, endsOf(ends));
  const packet: Ipv6 = { ...ends, trafficClass: 0, flowLabel: 0, hopLimit: HOP_LIMIT, extensions: [], protocol: Protocol.ICMPV6, payload };
  return encodeEthernet({ destination: ethernet.source, source: mac, etherType: EtherType.IPV6, payload: encodeIpv6(packet) });
}
