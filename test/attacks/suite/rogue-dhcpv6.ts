// SPDX-License-Identifier: Apache-2.0
import { bytes, concat, ethernet, udp } from "../../lab/packet.ts";
import type { Attack } from "../attack.ts";
import { allNodes, anyOf, delivered, linkLocal } from "../evidence.ts";

const [SERVER, CLIENT] = [547, 546];
/** RFC 8415, 7.3. */
const kinds = { ADVERTISE: 2, REPLY: 7, RECONFIGURE: 10 };
const SERVER_ID = bytes(0, 2);

export const rogueDhcpv6: Attack = {
  slug: "rogue-dhcpv6",
  needs: "a place on the network",
  gains: "as rogue-dhcp: an address and a name server over IPv6, which clients prefer",
  stoppedBy: "guard: stations send nothing as DHCPv6 servers",
  run: (field) => anyOf(field, Object.fromEntries([field.victim, field.distant].flatMap((to) => Object.entries(kinds).flatMap(([name, kind]) => [{ mac: to.mac, ip: linkLocal(to) }, allNodes].map((at) =>
    [`${name} to ${to.name} at ${at.ip}`, delivered(field.attacker, to, (nonce) => {
      const message = concat([bytes(kind, 1, 2, 3), SERVER_ID, bytes(0, nonce.length), nonce]);
      return ethernet({ from: field.attacker.mac, to: at.mac }, 0x86dd, udp(linkLocal(field.attacker), at.ip, { from: SERVER, to: CLIENT }, message));
    })]))))),
};
