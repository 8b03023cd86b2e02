// SPDX-License-Identifier: Apache-2.0
import type { Ip } from "../../wifi-isolation/network.ts";
import { Protocol } from "../../packets/index.ts";

/** A flow that a rule says "ask" about: from its first packet. */
export interface FlowQuestion {
  /** Device that sent the first packet. */
  device: number;
  /** The other end. */
  address: Ip;
  protocol: number;
  /** Destination port; absent where the protocol has none. */
  port?: number;
}

/** Equal for packets of flows that one verdict decides; the same text as wifi-isolation's `verdictKey`. */
export function questionKey({ device, address, protocol, port }: FlowQuestion): string {
  return `${device}>${address}/${protocol}/${port ?? ""}`;
}

/** Whether a verdict can be about a flow of this protocol alone (TCP, UDP, ICMP, ICMPv6). */
export function askable(protocol: number): boolean {
  return protocol === Protocol.TCP || protocol === Protocol.UDP || protocol === Protocol.ICMP || protocol === Protocol.ICMPV6;
}
