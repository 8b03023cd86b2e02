// SPDX-License-Identifier: Apache-2.0
import type { Attack } from "../attack.ts";
import { readsVictim } from "../passphrases.ts";

export const passphraseDecryption: Attack = {
  slug: "passphrase-decryption",
  needs: "a passphrase of the network: the one that all have on an access point as it comes, its own on the others; to have heard the victim come",
  gains: "as shared-passphrase-decryption",
  stoppedBy: "a passphrase per device: the attacker's does not give the victim's keys",
  takesVictim: true,
  run: (field) => (field.target === "plain" ? readsVictim(field, field.sharedPassphrase, field.sharedPassphrase) : readsVictim(field, field.victim.secret, field.attacker.secret)),
};
