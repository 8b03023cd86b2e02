// SPDX-License-Identifier: Apache-2.0
// Letting somebody else deliver: the access point, by a group frame that carries unicast IP, or the router, by bouncing off it.
import { broadcast, groupMac, nonceFrame } from "../packet.ts";
import type { StationName } from "../topology.ts";
import { network } from "../uplink.ts";
import { arrives, type Attack, newNonce } from "./attack.ts";

const pairs: [StationName, StationName][] = [["mallory", "laptop"], ["laptop", "mallory"], ["eve", "laptop"], ["cable", "laptop"]];

function relay(kind: Attack["kind"], over: string, by: string, family: 4 | 6): Attack[] {
  return pairs.map(([from, to]) => ({
    kind,
    name: `${from} to ${to} ${over}, IPv${family}`,
    run: async ({ stations }) => {
      const [sender, target, nonce] = [stations[from], stations[to], newNonce()];
      return arrives(sender, nonceFrame({ from: sender.mac, to: by }, sender.address(family), target.address(family), nonce), target, nonce);
    },
  }));
}

export const relays: Attack[] = [
  ...relay("broadcast reflection", "by broadcast", broadcast, 4),
  ...relay("broadcast reflection", "by multicast", groupMac("224.0.0.1"), 4),
  ...relay("broadcast reflection", "by broadcast", broadcast, 6),
  ...relay("broadcast reflection", "by multicast", groupMac("ff02::1"), 6),
  ...relay("gateway bouncing", "off the router", network.routerMac, 4),
  ...relay("gateway bouncing", "off the router", network.routerMac, 6),
];
