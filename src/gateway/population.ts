// SPDX-License-Identifier: Apache-2.0
// The devices of this gateway: the table, fed by the radio, by held frames and by the switch's counters; saved, logged, and told to the switch.
import type { Millis, Platform, Timer } from "quickjs-ts";
import type { Device, Edit, Mac, Topology } from "../wifi-isolation/index.ts";
import type { GatewayBus } from "./bus/bus.ts";
import type { GatewayConfig } from "./config/config.ts";
import { type Ask, DeviceTable, Newcomers, type NewcomersParts, type DeviceEvent, type DeviceOutcome } from "./devices/index.ts";
import { stationKey } from "./dispatch/senders.ts";
import type { Log } from "./log.ts";
import type { StateDirectory } from "./state.ts";
import { FIRST_STATION, originOf, StationPorts } from "./station-ports.ts";
import { JsonLinesStations, type StationEvent, type StationSource } from "./stations.ts";

export interface PopulationParts {
  platform: Platform;
  config: GatewayConfig;
  state: StateDirectory;
  log: Log;
  /** On OpenWrt: stations of hostapd, names of the DHCP server. */
  bus: GatewayBus | undefined;
  edit(edit: Edit): Promise<boolean>;
  /** The radio told of this station, or will not tell any more: held frames of it may be looked at again. */
  told(key: string): void;
  /** Packets that the switch counted from each device's own place; undefined while there is no switch. */
  count(): Promise<Map<number, number>> | undefined;
  /** The backend, about devices never seen before. */
  backend: Pick<NewcomersParts, "enabled" | "ask">;
  /** Asks a station at its place by ARP. */
  ask(ask: Ask): void;
  /** What `devices` tells changed. */
  changed(): void;
  /** Stations came to, or left, ports of their own. */
  portsChanged(): void;
  /** A device or an address stands for somebody else from now on. */
  forgotten(what: { device?: number; address?: string }): void;
}

const FILE = "devices.json";
/** Part of a held packet's deadline that a newcomer waits for the backend: the packet must be back in the switch before it ends. */
const PATIENCE = 3 / 4;
const TICK: Millis = 1000;
const ALARMS = new Set(["mac-at-two-places", "identity-mismatch", "gateway-impersonated", "address-conflict", "address-refused", "too-many-addresses", "too-many-stations"]);

export class Population {
  readonly table: DeviceTable;
  readonly newcomers: Newcomers;
  readonly source: StationSource | undefined;
  readonly #parts: PopulationParts;
  readonly #ports: StationPorts;
  #topology: Topology | undefined;
  #timers: Timer[] = [];

  constructor(parts: PopulationParts) {
    const { config, platform, log } = parts;
    this.#parts = parts;
    const { devices, reassociationHold, roamingPatience, holdDeadline } = config.limits;
    this.table = new DeviceTable({ ports: [], ...config.network }, { devices, holdDown: reassociationHold * 1000, patience: roamingPatience });
    this.newcomers = new Newcomers({
      table: this.table, timers: platform.timers, now: () => this.#now(), ...parts.backend, patience: holdDeadline * PATIENCE,
      apply: (outcomes) => void this.apply(outcomes), told: (mac) => this.#parts.told(stationKey(mac)),
    });
    this.#ports = new StationPorts({
      keyOf: (vlan) => config.openwrt?.keys.find((key) => key.vlan === vlan)?.name,
      placed: (mac) => this.table.byMac(mac)?.port, separate: (bss) => this.#isSeparate(bss),
    });
    this.source = config.stations === undefined ? parts.bus?.stations : new JsonLinesStations(platform, config.stations, log);
    this.#restore();
  }

  /** Ports that the radio says stations have for themselves, or their VLAN has. */
  get stationPorts(): string[] { return this.#ports.ports; }

  start(): void {
    const { timers } = this.#parts.platform;
    this.#timers = [
      timers.every(TICK, () => this.#tick()),
      timers.every(this.table.limits.silence / 3, () => this.#count()),
    ];
    this.source?.start((event) => this.#radio(event), () => this.#stationsLost());
    this.#parts.bus?.listen(({ mac, name }) => void this.apply([this.table.named(mac, name, this.#now())]));
  }

  close(): void {
    for (const timer of this.#timers) timer.cancel();
    this.source?.close();
  }

  #tick(): void {
    void this.apply([this.table.tick(this.#now())]);
    this.newcomers.tick();
  }

  #stationsLost(): void {
    this.newcomers.stationsLost();
    this.table.stationsLost();
  }

  setTopology(topology: Topology): void {
    this.#topology = topology;
    void this.apply([this.table.setTopology(topology, this.#now())]);
  }

  /** What the switch still had of devices. */
  recalled(devices: readonly Device[]): void {
    const before = this.table.size;
    const outcome = this.table.recalled(devices, this.#now());
    if (outcome.setDevices.length > 0) this.#parts.log.info("devices recalled from the switch", { devices: outcome.setDevices.length, new: this.table.size - before });
    void this.apply([outcome]);
  }

  /** Does what outcomes say; undefined when nothing must change in the switch. */
  apply(outcomes: readonly DeviceOutcome[]): Promise<boolean> | undefined {
    const edit: { setDevices: NonNullable<Edit["setDevices"]>[number][]; removeDevices: number[] } = { setDevices: [], removeDevices: [] };
    for (const { setDevices, removeDevices, events, deauthenticate, asks } of outcomes) {
      events.forEach((event) => this.#tell(event));
      for (const { port, mac, reason } of deauthenticate) this.source?.deauthenticate(originOf(port, this.#bsses)?.bss ?? port, mac, reason);
      asks.forEach((ask) => this.#parts.ask(ask));
      edit.removeDevices.push(...removeDevices);
      edit.setDevices.push(...setDevices);
    }
    if (edit.setDevices.length + edit.removeDevices.length === 0) return undefined;
    this.#save();
    this.#parts.changed();
    return this.#parts.edit({ removeDevices: edit.removeDevices, setDevices: newest(edit.setDevices) });
  }

  /** A switch that goes away meanwhile says nothing about the devices. */
  #count(): void {
    void this.#parts.count()?.then((packets) => {
      for (const [id, count] of packets) this.table.counted(id, count, this.#now());
    }, (error: Error) => this.#parts.log.debug("devices not counted", { reason: error.message }));
  }

  /** The radio speaks of BSSs, all else of ports. */
  #radio(event: StationEvent): void {
    const before = this.stationPorts.join();
    for (const each of this.#ports.split(event)) this.#station(each);
    if (this.stationPorts.join() !== before) this.#parts.portsChanged();
  }

  get #bsses(): string[] {
    const { ports } = this.#parts.config;
    return Object.keys(ports).filter((name) => ports[name] === "bss");
  }

  #isSeparate(bss: string): boolean {
    return this.#topology?.ports.some(({ name }) => (originOf(name, [bss])?.vlan ?? 0) >= FIRST_STATION) ?? false;
  }

  #station(event: StationEvent): void {
    const now = this.#now();
    const { bss } = event;
    const stations = event.event === "stations" ? event.stations : [event];
    const listed = new Set<Mac>(stations.map(({ address }) => address));
    if (event.event === "stations") {
      this.newcomers.disassociated(bss, (mac) => !listed.has(mac));
      void this.apply([this.table.stations(bss, event.stations.filter(({ address, key }) => !this.newcomers.associated(bss, address, key)), now)]);
    } else if (event.event === "associated") {
      if (!this.newcomers.associated(bss, event.address, event.key)) void this.apply([this.table.associated(bss, event.address, event.key, now)]);
    } else {
      this.newcomers.disassociated(bss, (mac) => mac === event.address);
      void this.apply([this.table.disassociated(bss, event.address, now)]);
    }
    for (const mac of listed) this.#parts.told(stationKey(mac));
    this.#parts.changed();
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
