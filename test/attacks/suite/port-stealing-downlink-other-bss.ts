// SPDX-License-Identifier: Apache-2.0
import type { Attack } from "../attack.ts";
import { stealDownlink } from "../stealing.ts";

export const portStealingDownlinkOtherBss: Attack = {
  slug: "port-stealing-downlink-other-bss",
  needs: "a key of its own; another BSS of the network",
  gains: "a switch that learns moves the victim's MAC address to the attacker, who hears what is sent to it",
  stoppedBy: "no learning: a device is where its radio and its key say; a second place of another key is refused",
  takesVictim: true,
  run: (field) => stealDownlink(field, "away"),
};
