// SPDX-License-Identifier: Apache-2.0
import { platform } from "quickjs-ts/platform";
import { arp, broadcast, bytes, concat, ethernet, groupMac, icmp6, ip, packet, udp } from "../../lab/packet.ts";
import { sleep } from "../../../qemu/guest/command.ts";
import type { Attack } from "../attack.ts";
import type { Field } from "../field.ts";
import { flooded, offset, uncheckedUdp, type Scene, type Wave } from "../flooding.ts";

/** Addresses that a device may have, IPv4 and IPv6 (docs/configuration.md). */
const ADDRESSES = 4 + 16;
/** The end of the first of them, and the group of those that may have it (RFC 4291 section 2.7.1). */
const [PRIVACY, NEIGHBOURS] = ["5a:0", "ff02::1:ff5a:0"];
/** A claim takes two seconds to be worth another. Milliseconds. */
const [BACK_WITHIN, AGAIN] = [30_000, 1000];

/** What would take hours at the pace of a device with many temporary addresses, in seconds: far beyond each limit. */
export function waves({ attacker, victim, router, network }: Scene): Wave[] {
  const privacy = `${network.prefix6.replace(/::\/64$/, "")}::${PRIVACY}`;
  const solicitation = icmp6("::", NEIGHBOURS, concat([bytes(135, 0, 0, 0, 0, 0, 0, 0), ip(privacy)]));
  return [
    { what: "addresses of its own in the network's IPv6 prefix", frame: ethernet({ from: attacker.mac, to: groupMac(NEIGHBOURS) }, 0x86dd, solicitation), countingAt: offset.ndTarget },
    { what: "used at once", frame: ethernet({ from: attacker.mac, to: broadcast }, 0x86dd, udp(privacy, victim.v6, { from: 9, to: 9 }, bytes(0))), countingAt: offset.ip6Source },
    { what: "IPv4 addresses of the network", frame: arp({ from: attacker.mac, to: broadcast }, 1, { mac: attacker.mac, ip: "0.0.0.0" }, { mac: "00:00:00:00:00:00", ip: "10.77.0.60" }), countingAt: offset.arpTarget },
    { what: "connections with the resolver, which everybody may have", frame: ethernet({ from: attacker.mac, to: router.mac }, 0x0800, uncheckedUdp(attacker.v4, router.v4, { from: 1024, to: 53 }, bytes(0))), countingAt: offset.port4From },
    { what: "connections with the victim that stay half open", frame: ethernet({ from: attacker.mac, to: broadcast }, 0x0800, packet(attacker.v4, victim.v4, 17, concat([bytes(4, 0, 0, 9, 0, 9, 0, 0, 0)]))), countingAt: offset.port4From },
  ];
}

/** Addresses that the gateway believes to be the attacker's; 0 where there is no gateway. */
async function believed({ attacker, gateway }: Field): Promise<number> {
  const devices = (await gateway?.devices()) ?? [];
  return devices.find(({ mac }) => mac === attacker.mac)?.addresses.length ?? 0;
}

/** Its own addresses count as claims again: later attacks must not find it silenced. */
async function recover({ attacker, router }: Field): Promise<void> {
  const silent = async (family: "v4" | "v6"): Promise<boolean> => (await attacker.run(["ping", "-n", "-q", "-c", "1", "-W", "1", router[family]])).code !== 0;
  let lost: string[] = [];
  for (const end = platform.time.now() + BACK_WITHIN; platform.time.now() < end; await sleep(AGAIN)) {
    const answers = await Promise.all((["v4", "v6"] as const).map(async (family) => ((await silent(family)) ? [attacker[family]] : [])));
    lost = answers.flat();
    if (lost.length === 0) return;
  }
  const { stdout } = await attacker.run(["ip", "neighbour"]);
  throw new Error(`the attacker does not get its own addresses back: ${lost.join(", ")}; its neighbours: ${stdout.trim().split("\n").join("; ")}`);
}

export const slowFlowExhaustion: Attack = {
  slug: "slow-flow-exhaustion",
  needs: "a key of its own, and patience",
  gains: "addresses, connections and decisions pile up until there is room for nobody's",
  stoppedBy: "bounds of each device: 4 IPv4 and 16 IPv6 addresses, new connections a second, verdicts, held packets",
  takesVictim: true,
  run: async (field) => {
    try {
      const harmed = await flooded(field, waves(field));
      const addresses = await believed(field);
      if (field.gateway) field.say(`the gateway believes ${addresses} addresses of the attacker`);
      return harmed || addresses > ADDRESSES;
    } finally {
      await recover(field);
    }
  },
};
