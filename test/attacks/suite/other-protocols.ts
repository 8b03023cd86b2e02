// SPDX-License-Identifier: Apache-2.0
import { broadcast, bytes, concat, ethernet, ip, hex } from "../../lab/packet.ts";
import type { Attack } from "../attack.ts";
import { anyOf, datagram, delivered } from "../evidence.ts";
import type { Field, Party } from "../field.ts";

type Frame = (from: Party, to: Party, nonce: Uint8Array) => Uint8Array;
const padded = (nonce: Uint8Array): Uint8Array => concat([nonce, new Uint8Array(Math.max(0, 46 - nonce.length))]);
const ofType = (type: number): Frame => (from, to, nonce) => ethernet({ from: from.mac, to: to.mac }, type, padded(nonce));
/** IP behind LLC headers: filters look for the type where the length is. */
const behindLlc = (header: string): Frame => (from, to, nonce) => {
  const payload = concat([hex(header), datagram(from.v4, to.v4, nonce)]);
  return ethernet({ from: from.mac, to: to.mac }, payload.length, payload);
};
/** IPv6 in IPv4 (RFC 4213): the victim's tunnel has it. */
const tunnelled: Frame = (from, to, nonce) => {
  const inner = datagram(from.v6, to.v6, nonce);
  return ethernet({ from: from.mac, to: to.mac }, 0x0800, concat([bytes(0x45, 0, (20 + inner.length) >> 8, (20 + inner.length) & 255, 0, 1, 0, 0, 64, 41, 0, 0), ip(from.v4), ip(to.v4), inner]));
};
/** Through the groups of 802.1D, which bridges keep to themselves. */
const toGroup = (group: string, type: number): Frame => (from, _, nonce) => ethernet({ from: from.mac, to: group }, type, padded(nonce));

const frames: Readonly<Record<string, Frame>> = {
  "no protocol": ofType(0x88b5), EAPOL: ofType(0x888e), PPPoE: ofType(0x8863), MPLS: ofType(0x8847), RARP: ofType(0x8035), "Wake-on-LAN": ofType(0x0842),
  SNAP: behindLlc("aaaa030000000800"), "SNAP of bridges": behindLlc("aaaa030000f80800"), LLC: behindLlc("060603"), "IPv6 in IPv4": tunnelled,
  LLDP: toGroup("01:80:c2:00:00:0e", 0x88cc), "spanning tree": toGroup("01:80:c2:00:00:00", 38), "broadcast of none": toGroup(broadcast, 0x88b5),
};

const all = ({ attacker, victim, distant }: Field): Record<string, Promise<boolean>> => Object.fromEntries([victim, distant].flatMap((to) =>
  Object.entries(frames).map(([name, frame]) => [`${name} to ${to.name}`, delivered(attacker, to, (nonce) => frame(attacker, to, nonce))])));

export const otherProtocols: Attack = {
  slug: "other-protocols",
  needs: "a place on the network",
  gains: "a way to a station that rules about ARP and IP do not see: raw Ethernet, LLC, tunnels; bridges, PPPoE clients and sleeping machines that obey",
  stoppedBy: "guard: stations send ARP, IPv4 and IPv6 only; ingress: no frames to the groups of 802.1D",
  run: (field) => anyOf(field, all(field)),
};
