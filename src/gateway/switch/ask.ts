// SPDX-License-Identifier: Apache-2.0
import { Port, type Outgoing } from "node-openvswitch/openflow";
import { encodeArp, encodeEthernet, EtherType, formatMac } from "../../packets/index.ts";
import type { Topology } from "../../wifi-isolation/index.ts";
import { virtualMac } from "../../wifi-isolation/thin-edge/virtual-mac.ts";
import type { Ask } from "../devices/outcome.ts";

/**
 * An ARP probe (RFC 5227) to one station at one port, past the tables, which would answer it themselves. The answer comes back held, reason alive.
 * undefined: no such port, or none is thin.
 */
export function askStation(topology: Topology, { port, mac, address }: Ask): Outgoing | undefined {
  const place = topology.ports.find(({ name }) => name === port);
  const virtual = virtualMac(topology);
  if (!place || !virtual) return undefined;
  const source = formatMac(virtual.bytes);
  const probe = encodeArp({ operation: "request", senderMac: source, senderIp: "0.0.0.0", targetMac: "00:00:00:00:00:00", targetIp: address });
  const packet = encodeEthernet({ destination: mac, source, etherType: EtherType.ARP, payload: probe });
  return { type: "packet-out", inPort: Port.CONTROLLER, packet, actions: [{ type: "output", port: place.number }] };
}
