// SPDX-License-Identifier: Apache-2.0
/*
 * Stations that are not at their BSS's own netdev. hostapd numbers VLANs (1 to 4094) and, with per_sta_vif, an interface of each station from MAX_VLAN_ID + 2 up (hostapd, ap_sta_get_free_vlan_id):
 *
 *   wlan0        the BSS
 *   wlan0-20     its VLAN 20, as OpenWrt's wifi-vlan named "20" makes it; where one key has that VLAN, who is there has proved that key
 *   wlan0.4096   the interface of one station
 *
 * Each is a port of the switch of its own. A machine: events of the radio in, events of ports out.
 */
import type { Mac } from "../wifi-isolation/network.ts";
import type { Station, StationEvent } from "./stations.ts";

export const FIRST_STATION = 4096;
/** hostapd counts on; interface names have room for no more digits anyway. */
const LAST_STATION = 999_999;

/** Of a BSS and hostapd's number there; 0: the BSS itself. */
export function portOf(bss: string, vlan: number): string {
  return vlan === 0 ? bss : vlan < FIRST_STATION ? `${bss}-${vlan}` : `${bss}.${vlan}`;
}

/** The BSS of these that the port belongs to, and its number there. undefined: none. */
export function originOf(port: string, bsses: readonly string[]): { bss: string; vlan: number } | undefined {
  if (bsses.includes(port)) return { bss: port, vlan: 0 };
  const [, bss = "", mark, digits] = /^(.+)([-.])([1-9]\d{0,5})$/.exec(port) ?? [];
  const vlan = Number(digits);
  return bsses.includes(bss) && (mark === "." ? vlan >= FIRST_STATION && vlan <= LAST_STATION : vlan < FIRST_STATION - 1) ? { bss, vlan } : undefined;
}

export interface StationPortsParts {
  /** The key that alone has this VLAN. */
  keyOf(vlan: number): string | undefined;
  /** Where the gateway has the station, for a radio that lists it and does not tell its VLAN: after a restart. */
  placed(mac: Mac): string | undefined;
  /** The BSS's stations have interfaces of their own. */
  separate(bss: string): boolean;
}

interface Place { vlan: number; told: boolean }

export class StationPorts {
  readonly #parts: StationPortsParts;
  /** Per BSS: its stations, their numbers, and whether the radio told these. */
  readonly #known = new Map<string, Map<Mac, Place>>();

  constructor(parts: StationPortsParts) {
    this.#parts = parts;
  }

  /** Ports with a station, the BSSs themselves left out. */
  get ports(): string[] {
    return [...this.#known].flatMap(([bss, stations]) => [...new Set([...stations.values()].map(({ vlan }) => vlan))].filter((vlan) => vlan > 0).map((vlan) => portOf(bss, vlan)));
  }

  /** The same of ports: `bss` is the port's name. */
  split(event: StationEvent): StationEvent[] {
    const { bss } = event;
    const known = this.#known.get(bss) ?? new Map<Mac, Place>();
    this.#known.set(bss, known);
    if (event.event === "stations") return this.#listed(bss, known, event.stations);
    const was = known.get(event.address)?.vlan;
    known.delete(event.address);
    const left = (vlan = 0): StationEvent => ({ event: "disassociated", bss: portOf(bss, vlan), address: event.address });
    if (event.event === "disassociated") return [left(was)];
    const vlan = event.vlan ?? (this.#parts.separate(bss) ? undefined : 0);
    const moved = was !== undefined && was !== vlan ? [left(was)] : [];
    if (vlan === undefined) return moved;
    known.set(event.address, { vlan, told: true });
    return [...moved, { event: "associated", bss: portOf(bss, vlan), ...this.#stationOf(event, vlan) }];
  }

  /** Ports that had stations and have none are told so. */
  #listed(bss: string, known: Map<Mac, Place>, stations: readonly Station[]): StationEvent[] {
    const ports = new Map<number, Station[]>([0, ...[...known.values()].map(({ vlan }) => vlan)].map((vlan) => [vlan, []]));
    const before = new Map(known);
    known.clear();
    for (const station of stations) {
      const was = before.get(station.address);
      const told = station.vlan ?? (was?.told ? was.vlan : undefined);
      const vlan = told ?? this.#guess(bss, station.address);
      if (vlan === undefined) continue;
      known.set(station.address, { vlan, told: told !== undefined });
      ports.set(vlan, [...ports.get(vlan) ?? [], this.#stationOf(station, vlan)]);
    }
    return [...ports].map(([vlan, there]) => ({ event: "stations", bss: portOf(bss, vlan), stations: there }));
  }

  /** undefined: at an interface of its own, nobody knows which; its frames show it. */
  #guess(bss: string, address: Mac): number | undefined {
    const port = this.#parts.placed(address);
    const vlan = port === undefined ? 0 : originOf(port, [bss])?.vlan ?? 0;
    return vlan > 0 || !this.#parts.separate(bss) ? vlan : undefined;
  }

  #stationOf({ address, key }: Station, vlan: number): Station {
    const proved = key ?? (vlan > 0 && vlan < FIRST_STATION ? this.#parts.keyOf(vlan) : undefined);
    return proved === undefined ? { address } : { address, key: proved };
  }
}
