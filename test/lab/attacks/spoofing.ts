// SPDX-License-Identifier: Apache-2.0
// Lies about addresses under one's own link-layer address, which the radio lets through.
import { arp, broadcast, groupMac, neighbourAdvertisement, nonceFrame } from "../packet.ts";
import type { StationName, Topology } from "../topology.ts";
import { network } from "../uplink.ts";
import { arrives, type Attack, newNonce, type Place } from "./attack.ts";

type Claimed = StationName | "router";

interface Host {
  place: Place;
  mac: string;
  v4: string;
  v6: string;
}

function host({ stations, uplink }: Topology, name: Claimed): Host {
  if (name === "router") return { place: uplink, mac: network.routerMac, v4: network.router4, v6: network.router6 };
  const station = stations[name];
  return { place: station, mac: station.mac, v4: station.address(4), v6: station.address(6) };
}

/** `liar` tells `listener` that it has the address of `claimed`. */
const lies: [liar: StationName, claimed: Claimed, listener: Claimed][] = [
  ["mallory", "printer", "laptop"], ["mallory", "router", "laptop"], ["mallory", "printer", "router"], ["eve", "printer", "laptop"], ["cable", "router", "laptop"],
];

export const spoofing: Attack[] = [
  ...lies.filter(([, claimed]) => claimed !== "router").flatMap(([liar, claimed, listener]) => ([4, 6] as const).map((family): Attack => ({
    kind: "IP spoofing",
    name: `${liar} as ${claimed} to ${listener}, IPv${family}`,
    run: async (topology) => {
      const [from, as, to, nonce] = [topology.stations[liar], host(topology, claimed), host(topology, listener), newNonce()];
      const address = (of: Host) => (family === 4 ? of.v4 : of.v6);
      return arrives(from, nonceFrame({ from: from.mac, to: to.mac }, address(as), address(to), nonce), to.place, nonce);
    },
  }))),
  ...lies.flatMap(([liar, claimed, listener]) => (["unicast", "broadcast"] as const).map((way): Attack => ({
    kind: "ARP spoofing",
    name: `${liar} says to ${listener} that it is ${claimed}, ${way}`,
    run: async (topology) => {
      const [from, as, to] = [topology.stations[liar], host(topology, claimed), host(topology, listener)];
      const target = way === "broadcast" ? { mac: broadcast, ip: as.v4 } : { mac: to.mac, ip: to.v4 };
      const frame = arp({ from: from.mac, to: target.mac }, 2, { mac: from.mac, ip: as.v4 }, target);
      return arrives(from, frame, to.place, frame.subarray(22, 32)); // sender's hardware and protocol address: the lie itself
    },
  }))),
  ...lies.flatMap(([liar, claimed, listener]) => (["unicast", "multicast"] as const).map((way): Attack => ({
    kind: "ND spoofing",
    name: `${liar} says to ${listener} that it is ${claimed}, ${way}`,
    run: async (topology) => {
      const [from, as, to] = [topology.stations[liar], host(topology, claimed), host(topology, listener)];
      const [mac, ip] = way === "multicast" ? [groupMac("ff02::1"), "ff02::1"] : [to.mac, to.v6];
      const frame = neighbourAdvertisement({ from: from.mac, to: mac }, from.address(6), ip, as.v6, from.mac);
      return arrives(from, frame, to.place, frame.subarray(-24)); // target address and link-layer address option
    },
  }))),
];
