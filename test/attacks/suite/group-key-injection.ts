// SPDX-License-Identifier: Apache-2.0
import type { Attack } from "../attack.ts";
import { injectUnderGroupKey } from "../group-keys.ts";

export const groupKeyInjection: Attack = {
  slug: "group-key-injection",
  needs: "the group key, which every station of the BSS has; a radio that sends what it is given",
  gains: "sends to a station past access point and switch: IP packets inside frames to all, lies about the router's address",
  stoppedBy: "nothing that forwards frames, as they never pass it; a group key per station (group-key-injection-own-keys)",
  expected: { "intelligent-edge": "succeeds", "thin-edge": "succeeds" },
  reasons: {
    "intelligent-edge": "One group key for all: the frames go from radio to radio. Set group-keys to random or per-station, as is the default. Answers, and what a lie draws to the attacker, do not pass the switch.",
    "thin-edge": "The group key is the access point's, and its frames go from radio to radio. Choose one that gives each station a group key of its own (Passpoint: DGAF disabled), or a BSS for each group of devices that trust each other. Answers do not pass the switch.",
  },
  run: (field) => injectUnderGroupKey(field, field.victim, field.bss.home.bssid),
};
