// SPDX-License-Identifier: Apache-2.0
import { broadcast, etherType } from "../../lab/packet.ts";
import type { Attack } from "../attack.ts";
import { anyOf, datagram, delivered, families, tagged } from "../evidence.ts";
import type { Field, Party } from "../field.ts";

const [CUSTOMER, SERVICE] = [0x8100, 0x88a8];
const tags: Readonly<Record<string, readonly (readonly [number, number])[]>> = {
  priority: [[CUSTOMER, 0xe000]], "VLAN 1": [[CUSTOMER, 1]], "VLAN 77": [[CUSTOMER, 77]], "two tags": [[CUSTOMER, 1], [CUSTOMER, 77]], "802.1ad": [[SERVICE, 77]], "802.1ad priority": [[SERVICE, 0], [CUSTOMER, 0]],
  "to all": [[CUSTOMER, 77]],
};

const hops = (field: Field, to: Party): Promise<boolean> => anyOf(field, Object.fromEntries(families.flatMap((family) => Object.entries(tags).map(([name, stack]) =>
  [`${name} to ${to.name} ${family}`, delivered(field.attacker, to, (nonce) => tagged({ from: field.attacker.mac, to: name === "to all" ? broadcast : to.mac }, stack, etherType(to[family]), datagram(field.attacker[family], to[family], nonce)))]))));

export const vlanHopping: Attack = {
  slug: "vlan-hopping",
  needs: "a place on the network",
  gains: "reaches a VLAN or a station past rules that look at frames without tags only; a kernel takes frames with a priority tag as if they had none",
  stoppedBy: "ingress: stations send no VLAN tags",
  // One after the other: so many frames at once come late on an emulated processor.
  run: async (field) => [await hops(field, field.victim), await hops(field, field.distant)].includes(true),
};
