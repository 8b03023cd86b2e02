// SPDX-License-Identifier: Apache-2.0
// Playing router: whether a victim's kernel takes an address and a way out from the attacker.
import { anyOf, believed, linkLocal, says } from "./evidence.ts";
import type { Field, Party, Station } from "./field.ts";
import { routerAdvertisement } from "../lab/packet.ts";

/** Seconds. What a victim believes must outlast the look at it. */
const LIFETIME = 60;
let numbers = 0;

/** Names of ways to put it, with what makes the frame of an ordinary advertisement. */
export type Ways = Readonly<Record<string, (attacker: Party, victim: Party, advertisement: (link: { from: string; to: string }, destination: string) => Uint8Array) => Uint8Array>>;

function taken({ attacker }: Field, victim: Station, way: Ways[string]): Promise<boolean> {
  const prefix = `2001:db8:bad:${(0x1000 + numbers++).toString(16)}::`;
  const frame = way(attacker, victim, (link, destination) => routerAdvertisement(link, linkLocal(attacker), destination, prefix, LIFETIME));
  return believed(attacker, [frame], () => says(victim, ["ip", "-6", "address", "show", "dev", victim.device], prefix.slice(0, -1)));
}

/** Each way has a prefix of its own, so that the victim's addresses tell which it believed. */
export async function advertise(field: Field, ways: Ways): Promise<boolean> {
  const victims = [field.victim, field.distant];
  try {
    return await anyOf(field, Object.fromEntries(victims.flatMap((victim) => Object.entries(ways).map(([name, way]) => [`${name} to ${victim.name}`, taken(field, victim, way)]))));
  } finally {
    await Promise.all(victims.map((victim) => victim.run(["sh", "-c", `ip -6 route flush proto ra; ip -6 address flush dev ${victim.device} dynamic`])));
  }
}
