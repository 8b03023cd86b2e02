// SPDX-License-Identifier: Apache-2.0
import { ethernet, etherType } from "../../lab/packet.ts";
import type { Attack } from "../attack.ts";
import { anyOf, datagram, delivered, families, type Family } from "../evidence.ts";
import type { Field, Party } from "../field.ts";

/** Hosts of the internet, as examples (RFC 5737, RFC 3849): the victim would take it for an answer. */
const outside = { name: "internet", v4: "198.51.100.7", v6: "2001:db8:77::7" };
type Host = Pick<Party, "name" | Family>;

function lies({ victim, peer, distant, router }: Field): [as: Host, to: Party][] {
  return [[peer, victim], [router, victim], [outside, victim], [victim, distant], [router, distant], [outside, distant], [victim, router]];
}

export const ipSpoofing: Attack = {
  slug: "ip-spoofing",
  needs: "a place on the network",
  gains: "sends in another's name, and does what only that one may; a datagram needs no answer to do harm",
  stoppedBy: "binding: a source address is bound to the device that has it",
  run: (field) => anyOf(field, Object.fromEntries(lies(field).flatMap(([as, to]) => families.map((family) =>
    [`${as.name} to ${to.name} ${family}`, delivered(field.attacker, to, (nonce) => ethernet({ from: field.attacker.mac, to: to.mac }, etherType(as[family]), datagram(as[family], to[family], nonce)))])))),
};
