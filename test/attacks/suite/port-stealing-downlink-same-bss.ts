// SPDX-License-Identifier: Apache-2.0
import type { Attack } from "../attack.ts";
import { stealDownlink } from "../stealing.ts";

export const portStealingDownlinkSameBss: Attack = {
  slug: "port-stealing-downlink-same-bss",
  needs: "a key of its own; a victim that does not answer just now",
  gains: "hears what is sent to the victim, and speaks as it, under the attacker's own key",
  stoppedBy: "the identity of keys: whoever proves another key under a device's MAC address is refused and the device blocked at that port",
  takesVictim: true,
  run: (field) => stealDownlink(field, "home"),
};
