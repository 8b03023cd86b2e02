// SPDX-License-Identifier: Apache-2.0
import { broadcast, ethernet, etherType } from "../../lab/packet.ts";
import type { Attack } from "../attack.ts";
import { anyOf, datagram, delivered, families, type Family } from "../evidence.ts";
import type { Party } from "../field.ts";

const groups = (_to: Party, _family: Family): string[] => [broadcast];

export const broadcastReflection: Attack = {
  slug: "broadcast-reflection",
  needs: "a place on the network",
  gains: "an access point that isolates stations still passes on what is for all: a packet for one victim inside a broadcast frame reaches it",
  stoppedBy: "group: of frames to group addresses only discovery is passed on, as copies for those whom the policy names; group-keys: no station hears another's",
  run: (field) => anyOf(field, Object.fromEntries([field.victim, field.distant].flatMap((to) => families.flatMap((family) => groups(to, family).map((group) =>
    [`${group} to ${to.name} ${family}`, delivered(field.attacker, to, (nonce) => ethernet({ from: field.attacker.mac, to: group }, etherType(to[family]), datagram(field.attacker[family], to[family], nonce)))]))))),
};
