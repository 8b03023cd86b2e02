// SPDX-License-Identifier: Apache-2.0
// Taking somebody's link-layer address with one's own key. Two things can come of it: the thief hears what was meant for the owner, and others believe what the thief says.
import { broadcast, bytes, ethernet, nonceFrame } from "../lab/packet.ts";
import { any, arrives, newNonce } from "./arrives.ts";
import type { BssName, Field, Party, Station } from "./field.ts";

/** Of local experiments (IEEE 802): nobody listens to it. */
const NO_PROTOCOL = 0x88b5;
/** A refusal shows sooner; emulated processors are slow. Milliseconds. */
const LET_IN_WITHIN = 6000;

/** A frame without meaning: a switch that learns sees where `mac` is. */
export const hello = (mac: string): Uint8Array => ethernet({ from: mac, to: broadcast }, NO_PROTOCOL, bytes(...new Array<number>(46).fill(0)));

/** `sender` writes to the owner, and the thief hears it. */
export function overhears(sender: Party, owner: Party, thief: Party, family: "v4" | "v6"): Promise<boolean> {
  const nonce = newNonce();
  return arrives(sender, nonceFrame({ from: sender.mac, to: owner.mac }, sender[family], owner[family], nonce), thief, nonce);
}

/** The thief writes to `hearer` as the owner, and is heard. */
export function speaksAs(owner: Party, thief: Party, hearer: Party, family: "v4" | "v6"): Promise<boolean> {
  const nonce = newNonce();
  return arrives(thief, nonceFrame({ from: owner.mac, to: hearer.mac }, owner[family], hearer[family], nonce), hearer, nonce);
}

/** Handshakes are slow on an emulated processor: one that fails is tried again. */
const TRIES = 3;

/** Whether it is let in. Who is not, without the gateway's alarm, was not refused, and that would be no defence. */
async function letIn({ attacker, gateway, say }: Field, owner: Party, bss: BssName): Promise<boolean> {
  for (let i = 0; i < TRIES; i++) {
    const since = gateway?.log().length ?? 0;
    if (await attacker.join({ bss, mac: owner.mac, within: LET_IN_WITHIN })) return true;
    const alarm = gateway?.log().slice(since).split("\n").find((line) => line.includes(" alarm: ") && line.includes(`mac=${owner.mac}`));
    if (alarm) return (say(`not let in: ${alarm}`), false);
  }
  throw new Error(`the attacker is not let in as ${owner.name}, and nobody says that it was refused`);
}

/** The attacker is at `bss` with the owner's address and its own key, when it is let in. The owners are told to a learning switch afterwards. */
export async function stealing(field: Field, owner: Party, bss: BssName, attempt: () => Promise<boolean>): Promise<boolean> {
  const { attacker, router } = field;
  try {
    if (!(await letIn(field, owner, bss))) return false;
    await attacker.send(hello(owner.mac));
    return await attempt();
  } finally {
    await router.send(hello(router.mac));
  }
}

/** An attempt in the name of a victim that is out of the access point's reach: its radio has the same address, and would answer for the thief. Both are back afterwards. */
export async function withoutVictim({ attacker, victim }: Field, attempt: () => Promise<boolean>): Promise<boolean> {
  await victim.outOfReach(true);
  try {
    return await attempt();
  } finally {
    await attacker.leave(); // two radios with one address would throw each other out
    await victim.outOfReach(false);
    await Promise.all([attacker.restore(), victim.join().then(() => victim.restore())]);
  }
}

/** The victim's address. */
export function stealDownlink(field: Field, bss: BssName): Promise<boolean> {
  const { attacker, victim, router, distant } = field;
  return withoutVictim(field, () => stealing(field, victim, bss, () => any(
    ...(["v4", "v6"] as const).flatMap((family) => [overhears(router, victim, attacker, family), overhears(distant, victim, attacker, family), speaksAs(victim, attacker, distant, family)]),
  )));
}

/** Whether a station no longer gets answers of the router: taking its place so that nobody has one harms them all. */
async function cutOff(station: Station, router: Party): Promise<boolean> {
  return (await station.run(["ping", "-n", "-q", "-c", "3", "-i", "0.3", "-W", "1", router.v4])).code !== 0;
}

/** The router's address, as others use it for DNS and everything else. */
export async function stealUplink(field: Field, bss: BssName): Promise<boolean> {
  const { attacker, victim, router, distant } = field;
  const owners = [victim, distant].flatMap((station) => (["v4", "v6"] as const).map((family) => [station, family] as const));
  try {
    const stolen = await stealing(field, router, bss, () => any(...owners.flatMap(([station, family]) => [overhears(station, router, attacker, family), speaksAs(router, attacker, station, family)]), cutOff(victim, router)));
    return stolen || (await cutOff(victim, router));
  } finally {
    await attacker.restore();
  }
}
