// SPDX-License-Identifier: Apache-2.0
import type { Attack } from "../attack.ts";
import { anyOf, families } from "../evidence.ts";
import { speaksAs, stealing, withoutVictim } from "../stealing.ts";

// A radio's key belongs to its address: frames from another address under one's own key reach no access point. So the attacker comes with the victim's.
export const macSpoofing: Attack = {
  slug: "mac-spoofing",
  needs: "a key of its own; a victim that is away",
  gains: "is taken for the victim: what the victim may reach",
  stoppedBy: "the identity of keys: a device's MAC address with another's key is refused; source: another's MAC address is known at its own port only",
  takesVictim: true,
  run: (field) => withoutVictim(field, () => stealing(field, field.victim, "home", () => anyOf(field, Object.fromEntries(
    families.flatMap((family) => [field.peer, field.distant, field.router].map((to) => [`to ${to.name} ${family}`, speaksAs(field.victim, field.attacker, to, family)])),
  )))),
};
