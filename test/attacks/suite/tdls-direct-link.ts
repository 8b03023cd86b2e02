// SPDX-License-Identifier: Apache-2.0
import { bytes, concat, ethernet, nonceFrame } from "../../lab/packet.ts";
import { sleep } from "../../../qemu/guest/command.ts";
import type { Attack } from "../attack.ts";
import { arrives, newNonce } from "../arrives.ts";
import type { Field } from "../field.ts";

const TDLS = 0x890d;
/** Payload type, category, action setup request (IEEE 802.11-2020, 11.20.2 and 9.6.12.2), dialog token. */
const SETUP_REQUEST = bytes(2, 12, 0, 1);
/** Setup takes three frames. Milliseconds. */
const SETUP = 1500;

/** The victim's radio has the attacker as a peer, and hears it. */
async function linked({ attacker, victim }: Field): Promise<boolean> {
  await attacker.ask("tdls_setup", victim.mac);
  await sleep(SETUP);
  const { stdout } = await victim.run(["iw", "dev", victim.device, "station", "get", attacker.mac]);
  if (!/TDLS peer:\s*yes/.test(stdout)) return false;
  const nonce = newNonce();
  return arrives(attacker, nonceFrame({ from: attacker.mac, to: victim.mac }, attacker.v4, victim.v4, nonce), victim, nonce);
}

/** A station that does not ask whether the network allows it: its request comes to the victim. */
function requestArrives({ attacker, victim }: Field): Promise<boolean> {
  const nonce = newNonce();
  return arrives(attacker, ethernet({ from: attacker.mac, to: victim.mac }, TDLS, concat([SETUP_REQUEST, new TextEncoder().encode(nonce)])), victim, nonce);
}

export const tdlsDirectLink: Attack = {
  slug: "tdls-direct-link",
  needs: "a key of its own on the victim's BSS; a victim whose radio knows TDLS",
  gains: "a link from radio to radio, which no access point or switch sees",
  stoppedBy: "tdls_prohibit, which honest stations heed; frames of its setup (0x890d) are dropped in table ingress, and without them there is no link",
  run: async (field) => {
    const { attacker, victim, say } = field;
    try {
      const [link, request] = [await linked(field), await requestArrives(field)];
      say(`direct link: ${link}, setup request heard: ${request}`);
      return link || request;
    } finally {
      await attacker.ask("tdls_teardown", victim.mac);
    }
  },
};
