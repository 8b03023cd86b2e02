// SPDX-License-Identifier: Apache-2.0
import type { Attack } from "../attack.ts";
import { stealUplink } from "../stealing.ts";

export const portStealingUplinkOtherBss: Attack = {
  slug: "port-stealing-uplink-other-bss",
  needs: "a key of its own; another BSS of the network",
  gains: "hears what stations of all BSSes send to the router, and speaks as the router",
  stoppedBy: "no learning; the router's MAC address (gateway-macs) is at the uplink only",
  takesVictim: true,
  run: (field) => stealUplink(field, "away"),
};
