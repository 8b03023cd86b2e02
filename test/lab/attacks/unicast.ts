// SPDX-License-Identifier: Apache-2.0
// The plainest attack: a frame straight to another station; in both directions, from each place of the network.
import { nonceFrame } from "../packet.ts";
import type { StationName } from "../topology.ts";
import { arrives, type Attack, newNonce } from "./attack.ts";

const pairs: [StationName, StationName][] = [
  ["mallory", "laptop"], ["laptop", "mallory"], ["eve", "laptop"], ["laptop", "eve"], ["cable", "laptop"], ["laptop", "cable"],
];

export const unicast: Attack[] = pairs.flatMap(([from, to]) => ([4, 6] as const).map((family): Attack => ({
  kind: "plain unicast",
  name: `${from} to ${to}, IPv${family}`,
  run: async ({ stations }) => {
    const [sender, target, nonce] = [stations[from], stations[to], newNonce()];
    return arrives(sender, nonceFrame({ from: sender.mac, to: target.mac }, sender.address(family), target.address(family), nonce), target, nonce);
  },
})));
