// SPDX-License-Identifier: Apache-2.0
// All attacks, and how a list of them is carried out.
import type { Topology } from "../topology.ts";
import type { Attack } from "./attack.ts";
import { relays } from "./relays.ts";
import { rogues } from "./rogues.ts";
import { spoofing } from "./spoofing.ts";
import { theft } from "./theft.ts";
import { unicast } from "./unicast.ts";

export type { Attack, Kind } from "./attack.ts";

export const attacks: Attack[] = [...unicast, ...spoofing, ...relays, ...rogues, ...theft];

/** Carries out the attacks; which of them succeeded. Those that disturb nobody run side by side. */
export async function carryOut(topology: Topology, chosen: readonly Attack[] = attacks): Promise<Map<Attack, boolean>> {
  const outcomes = new Map<Attack, boolean>();
  const attempt = async (attack: Attack): Promise<void> => void outcomes.set(attack, await attack.run(topology));
  await Promise.all(chosen.filter((attack) => !attack.alone).map(attempt));
  for (const attack of chosen.filter((each) => each.alone)) await attempt(attack);
  return outcomes;
}
