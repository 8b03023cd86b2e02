// SPDX-License-Identifier: Apache-2.0
// The devices of this gateway: the table, fed by the radio, by held frames and by the switch's counters; saved, logged, and told to the switch.
import type { Millis, Platform, Timer } from "quickjs-ts";
import type { Edit, Mac, Topology } from "../wifi-isolation/index.ts";
import type { GatewayConfig } from "./config/config.ts";
import { DeviceTable, type DeviceEvent, type DeviceOutcome } from "./devices/index.ts";
import { stationKey } from "./dispatch/senders.ts";
import type { Log } from "./log.ts";
import type { StateDirectory } from "./state.ts";
import { JsonLinesStations, type StationEvent, type StationSource } from "./stations.ts";

export interface PopulationParts {
  platform: Platform;
  config: GatewayConfig;
  state: StateDirectory;
  log: Log;
  edit(edit: Edit): Promise<boolean>;
  /** The radio told of this station, or will not tell any more: held frames of it may be looked at again. */
  told(key: string): void;
  /** Packets that the switch counted from each device's own place; undefined while there is no switch. */
  count(): Promise<Map<number, number>> | undefined;
  /** A device or an address stands for somebody else from now on. */
  forgotten(what: { device?: number; address?: string }): void;
}

const FILE = "devices.json";
const TICK: Millis = 1000;
const ALARMS = new Set(["mac-at-two-places", "identity-mismatch", "gateway-impersonated", "address-conflict", "address-refused", "too-many-addresses", "too-many-stations"]);

export class Population {
  readonly table: DeviceTable;
  readonly source: StationSource | undefined;
  readonly #parts: PopulationParts;
  #timers: Timer[] = [];

  constructor(parts: PopulationParts) {
    const { config, platform, log } = parts;
    this.#parts = parts;
    const { devices, reassociationHold } = config.limits;
    this.table = new DeviceTable({ ports: [], ...config.network }, { devices, holdDown: reassociationHold * 1000 });
    this.source = config.stations === undefined ? undefined : new JsonLinesStations(platform, config.stations, log);
    this.#restore();
  }

  start(): void {
    const { timers } = this.#parts.platform;
    this.#timers = [
      timers.every(TICK, () => void this.apply([this.table.tick(this.#now())])),
      timers.every(this.table.limits.silence / 3, () => this.#count()),
    ];
    this.source?.start((event) => this.#station(event), () => this.table.stationsLost());
  }

  close(): void {
    for (const timer of this.#timers) timer.cancel();
    this.source?.close();
  }

  setTopology(topology: Topology): void {
    void this.apply([this.table.setTopology(topology, this.#now())]);
  }

  /** Does what outcomes say; undefined when nothing must change in the switch. */
  apply(outcomes: readonly DeviceOutcome[]): Promise<boolean> | undefined {
    const edit: { setDevices: NonNullable<Edit["setDevices"]>[number][]; removeDevices: number[] } = { setDevices: [], removeDevices: [] };
    for (const { setDevices, removeDevices, events, deauthenticate } of outcomes) {
      events.forEach((event) => this.#tell(event));
      for (const { port, mac, reason } of deauthenticate) this.source?.deauthenticate(port, mac, reason);
      edit.removeDevices.push(...removeDevices);
      edit.setDevices.push(...setDevices);
    }
    if (edit.setDevices.length + edit.removeDevices.length === 0) return undefined;
    this.#save();
    return this.#parts.edit({ removeDevices: edit.removeDevices, setDevices: newest(edit.setDevices) });
  }

  /** A switch that goes away meanwhile says nothing about the devices. */
  #count(): void {
    void this.#parts.count()?.then((packets) => {
      for (const [id, count] of packets) this.table.counted(id, count, this.#now());
    }, (error: Error) => this.#parts.log.debug("devices not counted", { reason: error.message }));
  }

  #station(event: StationEvent): void {
    const now = this.#now();
    const { bss } = event;
    if (event.event === "stations") void this.apply([this.table.stations(bss, event.stations, now)]);
    else if (event.event === "associated") void this.apply([this.table.associated(bss, event.address, event.key, now)]);
    else void this.apply([this.table.disassociated(bss, event.address, now)]);
    const stations: Mac[] = event.event === "stations" ? event.stations.map(({ address }) => address) : [event.address];
    for (const mac of stations) this.#parts.told(stationKey(mac));
  }

  #tell(event: DeviceEvent): void {
    const { type, ...fields } = event;
    const name = type.replaceAll("-", " ");
    if (ALARMS.has(type)) this.#parts.log.warn(`alarm: ${name}`, fields);
    else this.#parts.log[type === "device-blocked" ? "warn" : type.startsWith("address") ? "debug" : "info"](name, fields);
    if (event.type === "device-left") this.#parts.forgotten({ device: event.id });
    if (event.type === "address-unbound") this.#parts.forgotten({ address: event.address });
  }

  #restore(): void {
    const { state, platform, log } = this.#parts;
    const text = state.load(FILE);
    if (text === undefined) return;
    try {
      this.table.restore(text, platform.time.now(), platform.time.date());
      log.info("devices restored", { devices: this.table.size });
    } catch (error) {
      log.error("saved devices unusable, starting without", { reason: (error as Error).message });
    }
  }

  #save(): void {
    const { state, platform } = this.#parts;
    state.save(FILE, () => this.table.save(platform.time.now(), platform.time.date()));
  }

  #now(): Millis { return this.#parts.platform.time.now(); }
}

/** One entry per device, the last. */
function newest<T extends { id: number }>(devices: readonly T[]): T[] {
  return [...new Map(devices.map((device) => [device.id, device])).values()];
}
