// SPDX-License-Identifier: Apache-2.0
import { ethernet, etherType, groupMac } from "../../lab/packet.ts";
import type { Attack } from "../attack.ts";
import { allNodes, anyOf, datagram, delivered, families, type Family, solicitedNode } from "../evidence.ts";
import type { Party } from "../field.ts";

/** Every host is in the first two; mDNS is let through elsewhere; nobody asked for the last. */
const groups = (to: Party, family: Family): string[] =>
  family === "v4" ? ["224.0.0.1", "224.0.0.251", "239.1.2.3"].map(groupMac) : [allNodes.mac, groupMac(solicitedNode(to.v6)), groupMac("ff02::fb"), groupMac("ff02::1234")];

export const multicastReflection: Attack = {
  slug: "multicast-reflection",
  needs: "a place on the network",
  gains: "an access point that isolates stations still passes on what is for all: a packet for one victim inside a multicast frame reaches it",
  stoppedBy: "group: of frames to group addresses only discovery is passed on, as copies for those whom the policy names; group-keys: no station hears another's",
  run: (field) => anyOf(field, Object.fromEntries([field.victim, field.distant].flatMap((to) => families.flatMap((family) => groups(to, family).map((group) =>
    [`${group} to ${to.name} ${family}`, delivered(field.attacker, to, (nonce) => ethernet({ from: field.attacker.mac, to: group }, etherType(to[family]), datagram(field.attacker[family], to[family], nonce)))]))))),
};
