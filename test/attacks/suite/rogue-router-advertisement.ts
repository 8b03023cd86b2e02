// SPDX-License-Identifier: Apache-2.0
import { broadcast } from "../../lab/packet.ts";
import { advertise } from "../advertisements.ts";
import type { Attack } from "../attack.ts";
import { allNodes, linkLocal } from "../evidence.ts";

export const rogueRouterAdvertisement: Attack = {
  slug: "rogue-router-advertisement",
  needs: "a place on the network",
  gains: "is the victim's router for IPv6, and its name server where it likes",
  stoppedBy: "guard: stations send no router advertisements",
  run: (field) => advertise(field, {
    multicast: ({ mac }, _, frame) => frame({ from: mac, to: allNodes.mac }, allNodes.ip),
    broadcast: ({ mac }, _, frame) => frame({ from: mac, to: broadcast }, allNodes.ip),
    unicast: ({ mac }, victim, frame) => frame({ from: mac, to: victim.mac }, linkLocal(victim)),
    "group in unicast": ({ mac }, victim, frame) => frame({ from: mac, to: victim.mac }, allNodes.ip),
  }),
};
