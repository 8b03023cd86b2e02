// SPDX-License-Identifier: Apache-2.0
// Stations that play DHCP server or router.
import { randomBytes } from "node:crypto";
import { broadcast, dhcpReply, ethernet, groupMac, routerAdvertisement, udp } from "../packet.ts";
import type { Station } from "../station.ts";
import type { StationName } from "../topology.ts";
import { arrives, type Attack } from "./attack.ts";

const places: StationName[] = ["mallory", "eve", "cable"];

/** Seconds: what a victim believes is gone soon. */
const lifetime = 5;

function dhcp(from: StationName, way: string, type: 2 | 5): Attack {
  return {
    kind: "rogue DHCP server",
    name: `${from} ${type === 2 ? "offers" : "acknowledges"} by ${way}`,
    run: async ({ stations: { [from]: rogue, laptop } }) => {
      const transaction = randomBytes(4);
      const link = { from: rogue.mac, to: way === "broadcast" ? broadcast : laptop.mac };
      return arrives(rogue, dhcpReply(link, type, rogue.address(4), "10.77.0.250", laptop.mac, transaction), laptop, transaction);
    },
  };
}

/** DHCPv6 ADVERTISE (RFC 8415): message type 2, transaction, no options needed to be a lie. */
function dhcp6(from: StationName): Attack {
  return {
    kind: "rogue DHCP server",
    name: `${from} advertises by DHCPv6`,
    run: async ({ stations: { [from]: rogue, laptop } }) => {
      const message = Buffer.concat([Buffer.from([2]), randomBytes(3), Buffer.from([0, 1, 0, 8]), randomBytes(8)]);
      const packet = udp(linkLocal(rogue), linkLocal(laptop), { from: 547, to: 546 }, message);
      return arrives(rogue, ethernet({ from: rogue.mac, to: laptop.mac }, 0x86dd, packet), laptop, message);
    },
  };
}

function advertisement(from: StationName, way: string): Attack {
  return {
    kind: "rogue RA",
    name: `${from} to ${way === "unicast" ? "laptop" : "all"}`,
    run: async ({ stations: { [from]: rogue, laptop } }) => {
      const prefix = `2001:db8:bad:${randomBytes(2).toString("hex")}::`;
      const [mac, ip] = way === "unicast" ? [laptop.mac, linkLocal(laptop)] : [groupMac("ff02::1"), "ff02::1"];
      const frame = routerAdvertisement({ from: rogue.mac, to: mac }, linkLocal(rogue), ip, prefix, lifetime);
      return arrives(rogue, frame, laptop, frame.subarray(-24, -8)); // the prefix
    },
  };
}

/** The kernel's link-local address, formed from the link-layer address (RFC 4291 appendix A). */
function linkLocal({ mac }: Station): string {
  const b = mac.split(":").map((byte) => parseInt(byte, 16));
  const group = (high: number, low: number) => ((high << 8) | low).toString(16);
  return `fe80::${group(b[0]! ^ 2, b[1]!)}:${group(b[2]!, 0xff)}:${group(0xfe, b[3]!)}:${group(b[4]!, b[5]!)}`;
}

export const rogues: Attack[] = places.flatMap((from) => [
  dhcp(from, "broadcast", 2), dhcp(from, "unicast", 2), dhcp(from, "broadcast", 5), dhcp6(from), advertisement(from, "multicast"), advertisement(from, "unicast"),
]);
