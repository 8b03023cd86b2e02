// SPDX-License-Identifier: Apache-2.0
/*
 * Stations as hostapd tells them on ubus: an object "hostapd.INTERFACE" per BSS (OpenWrt, package/network/services/hostapd, src/ap/ubus.c and README.md).
 *
 *   get_clients       the stations now; only those `authorized` may send, so only they count
 *   sta-authorized    from now on this one may
 *   disassoc, deauth, inactive-deauth   it left
 *
 * Not every way in which a station leaves is notified (del_client, a station that hostapd prunes because it came back elsewhere), so each BSS is listed again from time to time, and at once
 * where a station is authorised elsewhere. The BSS is the object's name: `ifname` is in recent releases only. Which key a station proved is not told, but its VLAN is (`vlan`, of
 * sta-authorized alone): a key that has a VLAN to itself is known by that. We never answer a
 * notification with anything but "ok", as hostapd may take a status as a refusal.
 */
import type { Millis, Platform, Timer } from "quickjs-ts";
import { StatusError, type Table, type UbusClient, type Value } from "ubus-ts";
import type { Log } from "../log.ts";
import type { StationEvent, StationSource } from "../stations.ts";
import type { Mac } from "../../wifi-isolation/network.ts";
import { Radio } from "./radio.ts";

export interface HostapdParts {
  bus: Pick<UbusClient, "call" | "subscribe" | "ready">;
  keep(what: string, register: () => Promise<unknown>): void;
  platform: Pick<Platform, "timers">;
  bsses(): readonly string[];
  log: Log;
}

const PREFIX = "hostapd.";
const LIST_EVERY: Millis = 15_000;
/** A hostapd that is busy with a channel scan answers late; its stations stay what they are meanwhile. */
const DEADLINE: Millis = 2000;

export class HostapdStations implements StationSource {
  readonly #parts: HostapdParts;
  readonly #radio = new Radio();
  #receive: (event: StationEvent) => void = () => {};
  #lost: () => void = () => {};
  #timer: Timer | undefined;

  constructor(parts: HostapdParts) {
    this.#parts = parts;
  }

  /** Every BSS of ours is on the bus. */
  get connected(): boolean { return this.#parts.bus.ready && this.#parts.bsses().every((bss) => this.#radio.has(bss)); }

  /** `lost`: ubusd is gone. A BSS that goes alone has no stations, and its port lets nobody in until it lists some again. */
  start(receive: (event: StationEvent) => void, lost: () => void): void {
    this.#receive = receive;
    this.#lost = lost;
    this.#parts.keep("stations of hostapd", () => this.#parts.bus.subscribe(`${PREFIX}*`, {
      added: (path) => this.#added(path),
      removed: (path) => this.#removed(path),
      notified: (path, name, data) => this.#notified(path.slice(PREFIX.length), name, data),
    }));
    this.#timer = this.#parts.platform.timers.every(LIST_EVERY, () => { for (const bss of this.#radio.bsses) void this.#list(bss); });
  }

  deauthenticate(bss: string, address: Mac, reason: number): void {
    const { bus, log } = this.#parts;
    bus.call(`${PREFIX}${bss}`, "del_client", { addr: address, reason, deauth: true, ban_time: 0 }, DEADLINE).catch((error: Error) => log.warn("station not deauthenticated", { bss, address, reason: error.message }));
  }

  close(): void {
    this.#timer?.cancel();
  }

  #added(path: string): void {
    const bss = path.slice(PREFIX.length);
    this.#radio.added(bss);
    if (this.#parts.bsses().includes(bss)) this.#parts.log.info("station events connected", { bss });
    void this.#list(bss);
  }

  #removed(path: string): void {
    const bss = path.slice(PREFIX.length);
    if (!this.#radio.has(bss)) return;
    if (this.#parts.bsses().includes(bss)) this.#parts.log.warn("station events lost", { bss });
    if (this.#parts.bus.ready) return this.#tell(bss, this.#radio.removed(bss));
    this.#radio.clear(); // of all: the client goes through its objects one by one
    this.#lost();
  }

  /** Stations at two places: the older one is asked before the newer is believed, so that a station which roams is not taken for two. */
  #notified(bss: string, name: string, data: Table): void {
    if (!this.#radio.has(bss)) return;
    const { events, ask } = this.#radio.notified(bss, name, data["address"], data["vlan"]);
    this.#tell(bss, events);
    if (ask.length > 0) void Promise.all(ask.map((other) => this.#list(other))).then(() => this.#tell(bss, this.#radio.asked(bss, data["address"] as Mac)));
  }

  async #list(bss: string): Promise<void> {
    this.#radio.listing(bss);
    this.#tell(bss, this.#radio.listed(bss, await this.#clients(bss)));
  }

  /** Who is authorised; undefined: no answer. */
  async #clients(bss: string): Promise<string[] | undefined> {
    try {
      const { clients } = await this.#parts.bus.call(`${PREFIX}${bss}`, "get_clients", {}, DEADLINE);
      return Object.entries(tableOf(clients)).filter(([, client]) => tableOf(client)["authorized"] === true).map(([address]) => address);
    } catch (error) {
      // Not found: `removed` follows.
      if (!(error instanceof StatusError && error.status === "not-found")) this.#parts.log.warn("stations not listed; trying on", { bss, reason: (error as Error).message });
      return undefined;
    }
  }

  #tell(bss: string, events: readonly StationEvent[]): void {
    if (this.#parts.bsses().includes(bss)) events.forEach((event) => this.#receive(event));
  }
}

function tableOf(value: Value | undefined): Table {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value as Table : {};
}
