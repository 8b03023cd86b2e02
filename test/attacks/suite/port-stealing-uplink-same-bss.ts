// SPDX-License-Identifier: Apache-2.0
import type { Attack } from "../attack.ts";
import { stealUplink } from "../stealing.ts";

export const portStealingUplinkSameBss: Attack = {
  slug: "port-stealing-uplink-same-bss",
  needs: "a key of its own",
  gains: "hears what stations send to the router (DNS, everything not encrypted), and speaks as the router",
  stoppedBy: "source and destination: the router's MAC address (gateway-macs) is at the uplink only, and no station may send from it",
  takesVictim: true,
  run: (field) => stealUplink(field, "home"),
};
