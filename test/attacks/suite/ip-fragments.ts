// SPDX-License-Identifier: Apache-2.0
import { ethernet, etherType } from "../../lab/packet.ts";
import type { Attack } from "../attack.ts";
import { anyOf, believed, datagram, families, type Family } from "../evidence.ts";
import type { Field, Station } from "../field.ts";
import { datagramsWithoutPort, fragment, type Piece } from "../fragments.ts";

const TINY = 8;
const HEADER = { v4: 20, v6: 40 };
let ids = 0x7000;

/** A datagram in pieces of eight bytes: the first has the ports and nothing else. Those without ports come first where `backwards`. */
function pieces(whole: Uint8Array, backwards: boolean): Piece[] {
  const count = Math.ceil(whole.length / TINY);
  const all = Array.from({ length: count }, (_, i) => ({ offset: i * TINY, last: i === count - 1, data: whole.slice(i * TINY, (i + 1) * TINY) }));
  return backwards ? all.reverse() : all;
}

async function together({ attacker }: Field, to: Station, family: Family): Promise<boolean> {
  const before = await datagramsWithoutPort(to, family);
  const whole = datagram(attacker[family], to[family], new TextEncoder().encode("in tiny pieces")).subarray(HEADER[family]);
  const frames = [false, true].flatMap((backwards) => {
    const id = ids++;
    return pieces(whole, backwards).map((piece) => ethernet({ from: attacker.mac, to: to.mac }, etherType(to[family]), fragment(family, attacker[family], to[family], id, piece)));
  });
  return believed(attacker, frames, async () => (await datagramsWithoutPort(to, family)) > before);
}

export const ipFragments: Attack = {
  slug: "ip-fragments",
  needs: "a place on the network",
  gains: "a datagram past filters that read ports: the pieces have none, or come before the one that has",
  stoppedBy: "pairs: a rule is looked up for each fragment by its two ends; ports by the connection, which conntrack knows of a whole datagram only",
  run: (field) => anyOf(field, Object.fromEntries([field.victim, field.distant].flatMap((to) => families.map((family) => [`${to.name} ${family}`, together(field, to, family)])))),
};
