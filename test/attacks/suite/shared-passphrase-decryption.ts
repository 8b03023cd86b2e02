// SPDX-License-Identifier: Apache-2.0
import type { Attack } from "../attack.ts";
import { readsVictim } from "../passphrases.ts";

export const sharedPassphraseDecryption: Attack = {
  slug: "shared-passphrase-decryption",
  needs: "the passphrase, where a network has one for all (WPA2); to have heard the victim come",
  gains: "reads what the victim sends and receives, from the air, and can pass for the access point",
  stoppedBy: "nothing that forwards frames; a passphrase per device (passphrase-decryption), or WPA3, whose session keys do not follow from the passphrase",
  expected: { "intelligent-edge": "succeeds", "thin-edge": "succeeds" },
  reasons: {
    "intelligent-edge": "The key of each session follows from the passphrase and what is said in the clear. Give each device a passphrase of its own (key in the settings), or use WPA3 (SAE).",
    "thin-edge": "The key of each session follows from the passphrase and what is said in the clear. Let the access point give each device a passphrase of its own (PPSK), or use WPA3 (SAE).",
  },
  takesVictim: true,
  run: (field) => readsVictim(field, field.sharedPassphrase, field.sharedPassphrase),
};
