// SPDX-License-Identifier: Apache-2.0
import { ethernet, etherType } from "../../lab/packet.ts";
import type { Attack } from "../attack.ts";
import { newNonce } from "../arrives.ts";
import { anyOf, believed, datagram, families, type Family } from "../evidence.ts";
import type { Field, Party } from "../field.ts";
import { fragment } from "../fragments.ts";

const HEADER = { v4: 20, v6: 40 };
let ids = 0x7800;

/** Ports of one datagram, then a piece of another from the first byte on: which of them counts differs between kernels, some take neither. So what counts is that the pieces arrive. */
async function rewritten({ attacker }: Field, to: Party, family: Family, as: Party): Promise<boolean> {
  const nonce = newNonce().padEnd(64);
  const [harmless, other] = ["harmless".padEnd(64), nonce].map((text) => datagram(as[family], to[family], new TextEncoder().encode(text)).subarray(HEADER[family]));
  const id = ids++;
  const frame = (offset: number, last: boolean, data: Uint8Array): Uint8Array => ethernet({ from: attacker.mac, to: to.mac }, etherType(to[family]), fragment(family, as[family], to[family], id, { offset, last, data }));
  const heard = to.hears(nonce, 1400);
  await believed(attacker, [frame(0, false, harmless!.subarray(0, 32)), frame(8, true, other!.subarray(8)), frame(0, true, other!)], async () => false);
  return (await heard) !== undefined;
}

export const overlappingFragments: Attack = {
  slug: "overlapping-fragments",
  needs: "a place on the network",
  gains: "a filter sees one datagram, the victim another; pieces in another's name get into that one's datagrams",
  stoppedBy: "binding and pairs: each fragment is judged by its source and its two ends",
  run: (field) => anyOf(field, Object.fromEntries([field.victim, field.distant].flatMap((to) => families.flatMap((family) => [field.attacker, field.peer].map((as) => [`${as.name} to ${to.name} ${family}`, rewritten(field, to, family, as)]))))),
};
