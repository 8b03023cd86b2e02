// SPDX-License-Identifier: Apache-2.0
import { nonceFrame } from "../../lab/packet.ts";
import type { Attack } from "../attack.ts";
import { any, arrives, newNonce } from "../arrives.ts";
import type { Field, Party } from "../field.ts";

const straight = (from: Party, to: Party, family: "v4" | "v6"): Promise<boolean> => {
  const nonce = newNonce();
  return arrives(from, nonceFrame({ from: from.mac, to: to.mac }, from[family], to[family], nonce), to, nonce);
};

export const plainUnicast: Attack = {
  slug: "plain-unicast",
  needs: "a place on the network",
  gains: "reaches every other station",
  stoppedBy: "isolation on the access point, and a policy that allows nothing by itself",
  run: ({ attacker, victim, distant }: Field) => any(...[victim, distant].flatMap((to) => (["v4", "v6"] as const).map((family) => straight(attacker, to, family)))),
};
