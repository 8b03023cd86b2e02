// SPDX-License-Identifier: Apache-2.0
import type { Attack } from "../attack.ts";
import { injectUnderGroupKey } from "../group-keys.ts";

export const groupKeyInjectionOwnKeys: Attack = {
  slug: "group-key-injection-own-keys",
  needs: "the group key that the attacker was given, at an access point that gives each station another where it can (the BSS \"away\"); a radio that sends what it is given",
  gains: "as group-key-injection",
  stoppedBy: "group-keys random (hostapd: disable_dgaf) or per-station (per_sta_vif): no other station has the attacker's key",
  expected: { "thin-edge": "not-applicable" },
  reasons: { "thin-edge": "Which group keys there are is the access point's matter, and ours here is one for all: see group-key-injection." },
  run: async (field) => {
    const { attacker, distant, bss } = field;
    try {
      if (!(await attacker.join({ bss: "away" }))) throw new Error("the attacker is not let in at the other BSS");
      return await injectUnderGroupKey(field, distant, bss.away.bssid);
    } finally {
      await attacker.restore();
    }
  },
};
