// SPDX-License-Identifier: Apache-2.0
/*
 * What is known of the stations of each BSS, from lists and notifications: a machine without bus and clock. What hostapd notifies while a list is on its way may be older
 * or newer than the list; the last that was told of an address is the truth in either case.
 */
import type { Mac } from "../../wifi-isolation/network.ts";
import { isVlan, type Station, type StationEvent } from "../stations.ts";

/** hostapd's number of the VLAN or interface that the station was told to have; 0: none was told, as lists do not tell it. */
type Vlan = number;

interface Bss {
  /** undefined: not listed yet. */
  stations: Map<Mac, Vlan> | undefined;
  /** Lists on their way, and what was told meanwhile: null, or its number, when it is there. */
  lists: number;
  told: Map<Mac, Vlan | null>;
  /** Authorised here while another BSS had it: that one is being listed. */
  arriving: Map<Mac, Vlan>;
}

const ADDRESS = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/;
const LEFT = new Set(["disassoc", "deauth", "inactive-deauth"]);
/** IEEE 802.11 has 2007 association identifiers. */
const MAX_STATIONS = 2007;

export class Radio {
  readonly #bsses = new Map<string, Bss>();

  get bsses(): string[] { return [...this.#bsses.keys()]; }

  has(bss: string): boolean { return this.#bsses.has(bss); }

  added(bss: string): void {
    this.#bsses.set(bss, { stations: undefined, lists: 0, told: new Map(), arriving: new Map() });
  }

  /** Its stations are gone with it. */
  removed(bss: string): StationEvent[] {
    return this.#bsses.delete(bss) ? [{ event: "stations", bss, stations: [] }] : [];
  }

  /** Nothing is known any more. */
  clear(): void {
    this.#bsses.clear();
  }

  /** Before a list is asked for. Each is followed by `listed`. */
  listing(bss: string): void {
    const found = this.#bsses.get(bss);
    if (found) found.lists++;
  }

  /** `addresses`: who is authorised; undefined: no answer. Also what is known already is told again, so that an error elsewhere does not last. */
  listed(bss: string, addresses: readonly string[] | undefined): StationEvent[] {
    const found = this.#bsses.get(bss);
    if (!found) return [];
    const { told, arriving } = found;
    if (found.lists > 0 && --found.lists === 0) found.told = new Map();
    if (!addresses) return [];
    const valid = addresses.map((address) => address.toLowerCase()).filter((address) => ADDRESS.test(address)).slice(0, MAX_STATIONS);
    const stations = new Map<Mac, Vlan>(valid.map((address) => [address, found.stations?.get(address) ?? 0]));
    for (const [address, vlan] of told) if (vlan === null) stations.delete(address);
      else stations.set(address, vlan);
    for (const address of arriving.keys()) stations.delete(address);
    found.stations = stations;
    return [{ event: "stations", bss, stations: [...stations].map(([address, vlan]) => stationOf(address, vlan)) }];
  }

  /** `given`, `number`: the notification's fields "address" and "vlan". `ask`: BSSs to list; then `asked` is called. */
  notified(bss: string, name: string, given: unknown, number?: unknown): { events: StationEvent[]; ask: string[] } {
    const found = this.#bsses.get(bss);
    const address = typeof given === "string" ? given.toLowerCase() : "";
    const left = LEFT.has(name);
    if (!found || !ADDRESS.test(address) || !(left || name === "sta-authorized")) return { events: [], ask: [] };
    const vlan = isVlan(number) ? number : 0;
    if (found.lists > 0 && found.told.size < MAX_STATIONS) found.told.set(address, left ? null : vlan);
    if (left) {
      found.arriving.delete(address);
      return { events: found.stations?.delete(address) ? [{ event: "disassociated", bss, address }] : [], ask: [] };
    }
    const others = this.bsses.filter((other) => other !== bss);
    const back = this.#elsewhereNoMore(others, address) && found.stations?.delete(address);
    const ask = others.filter((other) => this.#bsses.get(other)!.stations?.has(address));
    if (ask.length === 0) return { events: [...(back ? [{ event: "disassociated" as const, bss, address }] : []), ...this.#arrived(bss, found, address, vlan)], ask };
    found.arriving.set(address, vlan);
    return { events: [], ask };
  }

  /** The other places of `given` were listed, or did not answer. */
  asked(bss: string, given: Mac): StationEvent[] {
    const found = this.#bsses.get(bss);
    const address = given.toLowerCase();
    const vlan = found?.arriving.get(address);
    if (!found || vlan === undefined) return [];
    found.arriving.delete(address);
    return this.#arrived(bss, found, address, vlan);
  }

  /** What was told of it at other BSSs is older than this; true: it was about to arrive at one, and so has left here in between. */
  #elsewhereNoMore(others: readonly string[], address: Mac): boolean {
    let arriving = false;
    for (const other of others) {
      const bss = this.#bsses.get(other)!;
      bss.told.delete(address);
      arriving = bss.arriving.delete(address) || arriving;
    }
    return arriving;
  }

  #arrived(bss: string, { stations }: Bss, address: Mac, vlan: Vlan): StationEvent[] {
    if (!stations || (!stations.has(address) && stations.size >= MAX_STATIONS)) return [];
    stations.set(address, vlan);
    return [{ event: "associated", bss, ...stationOf(address, vlan) }];
  }
}

function stationOf(address: Mac, vlan: Vlan): Station {
  return vlan === 0 ? { address } : { address, vlan };
}
