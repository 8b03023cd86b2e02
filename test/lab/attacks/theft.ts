// SPDX-License-Identifier: Apache-2.0
// Taking somebody's link-layer address: a peer's or the router's, at another BSS or a wired port, or by re-association at the same BSS.
// Two things can come of it: the thief hears what was meant for the owner, and others believe what the thief says.
import { broadcast, ethernet, nonceFrame } from "../packet.ts";
import type { Station } from "../station.ts";
import type { StationName, Topology } from "../topology.ts";
import { network } from "../uplink.ts";
import { arrives, type Attack, newNonce, transmit } from "./attack.ts";

type Family = 4 | 6;

const router = (family: Family): string => (family === 4 ? network.router4 : network.router6);

/** Shows the thief's place to a switch that learns, then sends to the owner's address and looks whether the thief hears it. */
async function hears(topology: Topology, thief: Station, from: Station | Topology["uplink"], link: { from: string; to: string }, source: string, destination: string): Promise<boolean> {
  await transmit(await thief.frames(), ethernet({ from: link.to, to: broadcast }, 0x88b5, Buffer.alloc(46)));
  const nonce = newNonce();
  return arrives(from, nonceFrame(link, source, destination, nonce), thief, nonce);
}

/** Listening and speaking at the same time: whichever succeeds. Both come to their end. */
async function either(listens: Promise<boolean>, speaks: Promise<boolean>): Promise<boolean> {
  const outcomes = await Promise.all([listens, speaks]);
  return outcomes.includes(true);
}

async function peerTaken(topology: Topology, thief: Station, owner: { mac: string; 4: string; 6: string }, family: Family): Promise<boolean> {
  const { uplink, stations: { laptop } } = topology;
  const nonce = newNonce();
  return either(
    hears(topology, thief, uplink, { from: network.routerMac, to: owner.mac }, router(family), owner[family]),
    arrives(thief, nonceFrame({ from: owner.mac, to: laptop.mac }, owner[family], laptop.address(family), nonce), laptop, nonce),
  );
}

async function routerTaken(topology: Topology, thief: Station, family: Family): Promise<boolean> {
  const { laptop } = topology.stations;
  const link = { from: laptop.mac, to: network.routerMac };
  const nonce = newNonce();
  return either(
    hears(topology, thief, laptop, link, laptop.address(family), router(family)),
    arrives(thief, nonceFrame({ from: network.routerMac, to: laptop.mac }, router(family), laptop.address(family), nonce), laptop, nonce),
  );
}

/** The owners are back, and a switch that learns finds them. */
async function settle({ uplink, radio, stations }: Topology): Promise<void> {
  if (!radio.association(stations.printer.namespace)) await stations.printer.online(); // the radio threw it out
  const hello = (mac: string) => ethernet({ from: mac, to: broadcast }, 0x88b5, Buffer.alloc(46));
  await (await uplink.frames()).send(hello(network.routerMac));
  await (await stations.printer.frames()).send(hello(stations.printer.mac));
}

async function withStolenMac<T>(topology: Topology, thief: Station, mac: string, attempt: () => Promise<T>): Promise<T> {
  await thief.join(mac);
  try {
    return await attempt();
  } finally {
    await thief.online();
    await settle(topology);
  }
}

function elsewhere(name: StationName, place: string): Attack[] {
  return ([4, 6] as const).flatMap((family): Attack[] => [
    { kind: "MAC of a peer", name: `${name} takes printer's at ${place}, IPv${family}`, alone: true, run: async (topology) => {
      const { printer } = topology.stations;
      const owner = { mac: printer.mac, 4: printer.address(4), 6: printer.address(6) };
      return withStolenMac(topology, topology.stations[name], printer.mac, () => peerTaken(topology, topology.stations[name], owner, family));
    } },
    { kind: "MAC of the uplink", name: `${name} takes the router's at ${place}, IPv${family}`, alone: true, run: async (topology) =>
      withStolenMac(topology, topology.stations[name], network.routerMac, () => routerTaken(topology, topology.stations[name], family)) },
  ]);
}

export const theft: Attack[] = [
  ...elsewhere("eve", "another BSS"),
  ...elsewhere("cable", "a wired port"),
  ...([4, 6] as const).map((family): Attack => ({
    kind: "re-association", name: `mallory re-associates with printer's MAC and its own key, IPv${family}`, alone: true, run: async (topology) => {
      const { mallory, printer } = topology.stations;
      const owner = { mac: printer.mac, 4: printer.address(4), 6: printer.address(6) };
      return withStolenMac(topology, mallory, printer.mac, () => peerTaken(topology, mallory, owner, family));
    },
  })),
];
