// SPDX-License-Identifier: Apache-2.0
// The gateway on OpenWrt's bus: one client that stays connected, the stations that hostapd tells of, the names that the DHCP server knows.
import type { Millis, Platform, Timer } from "quickjs-ts";
import { UbusClient } from "ubus-ts";
import type { Log } from "../log.ts";
import type { StationSource } from "../stations.ts";
import { HostapdStations } from "./hostapd.ts";
import { leaseHandlers, type LeaseName } from "./leases.ts";

/** How long until something that the daemon refused is tried again. */
const RETRY: Millis = 5000;

export class GatewayBus {
  readonly path: string;
  readonly client: UbusClient;
  readonly stations: StationSource;
  readonly #platform: Pick<Platform, "timers">;
  readonly #log: Log;
  readonly #timers = new Set<Timer>();
  /** What is not registered yet: no ubusd so far. */
  readonly #waiting = new Set<() => void>();
  #down = false;
  #closed = false;

  /** Connects in the background; without a ubusd it goes on trying. `bsses`: the ports whose stations are wanted, as they are now. */
  constructor(platform: Platform, path: string, bsses: () => readonly string[], log: Log) {
    this.path = path;
    this.#platform = platform;
    this.#log = log;
    this.client = new UbusClient(platform, { path, ready: () => this.#ready(), lost: (reason) => this.#lost(reason), trouble: (what, error) => log.warn("ubus", { what, reason: (error as Error).message }) });
    this.stations = new HostapdStations({ bus: this.client, keep: (what, register) => this.keep(what, register), platform, bsses, log });
  }

  get connected(): boolean { return this.client.ready; }

  /** Registers something, as soon as there is a ubusd that lets us; the client then keeps it registered. */
  keep(what: string, register: () => Promise<unknown>): void {
    if (this.#closed) return;
    if (!this.client.ready) return void this.#waiting.add(() => this.keep(what, register));
    register().catch((error: Error) => {
      this.#log.warn("ubus refused; trying on", { what, reason: error.message });
      const timer = this.#platform.timers.after(RETRY, () => {
        this.#timers.delete(timer);
        this.keep(what, register);
      });
      this.#timers.add(timer);
    });
  }

  /** `named` gets what the DHCP server calls a device. Once. */
  listen(named: (lease: LeaseName) => void): void {
    // dnsmasq has an object per instance, odhcpd one.
    for (const pattern of ["dnsmasq*", "dhcp"]) this.keep(`names of ${pattern}`, () => this.client.subscribe(pattern, leaseHandlers(named)));
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) timer.cancel();
    this.#waiting.clear();
    this.client.close();
  }

  #ready(): void {
    this.#down = false;
    this.#log.info("ubus connected", { path: this.path });
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const register of waiting) register();
  }

  #lost(reason: string): void {
    if (!this.#down && !this.#closed) this.#log.warn("ubus lost; trying on", { path: this.path, reason });
    this.#down = true;
  }
}
