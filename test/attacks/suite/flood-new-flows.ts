// SPDX-License-Identifier: Apache-2.0
import { ethernet } from "../../lab/packet.ts";
import type { Attack } from "../attack.ts";
import { flooded, offset, uncheckedUdp, type Scene, type Wave } from "../flooding.ts";

/** RFC 5737: somewhere on the internet. */
const REMOTE = "198.51.100.1";

export function waves({ attacker, victim, distant, router }: Scene): Wave[] {
  const flow = (to: string, v4: string): Uint8Array => ethernet({ from: attacker.mac, to }, 0x0800, uncheckedUdp(attacker.v4, v4, { from: 30_000, to: 9 }, new Uint8Array(18)));
  return [
    { what: "ports of the victim", frame: flow(victim.mac, victim.v4), countingAt: offset.port4To },
    { what: "from ever new ports to the victim", frame: flow(victim.mac, victim.v4), countingAt: offset.port4From },
    { what: "ports of a host on the internet, which the gateway is asked about", frame: flow(router.mac, REMOTE), countingAt: offset.port4To },
    { what: "hosts on the internet, which the gateway is asked about", frame: flow(router.mac, REMOTE), countingAt: offset.ip4Destination },
    { what: "ports of a distant station", frame: flow(distant.mac, distant.v4), countingAt: offset.port4To },
  ];
}

export const floodNewFlows: Attack = {
  slug: "flood-new-flows",
  needs: "a key of its own",
  gains: "each packet is a flow of its own: fills caches and the way to the controller, so that others' flows wait; takes the air of stations that it may not reach",
  stoppedBy: "policy, and a meter for each device before the gateway is asked, turns of the devices in its queue, a share of the verdicts for each",
  takesVictim: true,
  run: (field) => flooded(field, waves(field)),
};
