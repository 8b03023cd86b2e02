// SPDX-License-Identifier: Apache-2.0
// The devices of the network: one for each MAC, its place (places.ts), its addresses (addresses.ts). A machine without I/O: each method is
// an input with its time, the outcome says what the switch, the radio and the log should do.
//
// Whoever composes it calls `tick` every second and, at least where frames are the only source, `counted` for every device about every
// `silence / 3` with the packet counter of its flow in table source: without it no device is believed to have left its port.
import type { Millis } from "quickjs-ts";
import type { Device, Ip, Mac, Topology } from "../../wifi-isolation/network.ts";
import { originOf } from "../station-ports.ts";
import { addressInfos, Addresses, type AddressInfo } from "./addresses.ts";
import { Alarms } from "./alarms.ts";
import { Draft } from "./draft.ts";
import { deviceOf, LEARNT, type Entry } from "./entry.ts";
import { Ids } from "./ids.ts";
import { DEFAULT_DEVICE_LIMITS, type DeviceLimits } from "./limits.ts";
import { ReasonCode, type DeviceEvent, type DeviceOutcome } from "./outcome.ts";
import { Places } from "./places.ts";
import { Plan } from "./plan.ts";
import { restoreEntries, saveEntries } from "./saved.ts";
import { TokenBuckets } from "./tokens.ts";
import { roomFor } from "./room.ts";

/** A station as the radio lists it. */
export interface Associated {
  address: Mac;
  key?: string;
}

/** A lease that a held DHCP answer gives. */
export interface Lease {
  mac: Mac;
  address: Ip;
  /** 0xffffffff: without end. */
  seconds: number;
  hostname?: string;
}

/** For people: `devices`. */
export interface DeviceInfo {
  device: Device;
  associated: boolean;
  /** Seconds since it was last seen. */
  idle: number;
  key?: string;
  /** Why it is blocked. */
  blocked?: string;
  addresses: AddressInfo[];
}

export class DeviceTable {
  readonly limits: DeviceLimits;
  readonly #entries = new Map<Mac, Entry>();
  readonly #byId: (Entry | undefined)[] = [undefined];
  readonly #ids: Ids;
  readonly #addresses: Addresses;
  readonly #places: Places;
  readonly #alarms = new Alarms();
  readonly #joins: TokenBuckets<string>;
  /** Ports whose stations the radio tells of. */
  readonly #covered = new Set<string>();
  #named: ReadonlySet<Mac> = new Set();
  #plan: Plan;

  constructor(topology: Topology, limits: Partial<DeviceLimits> = {}) {
    this.limits = { ...DEFAULT_DEVICE_LIMITS, ...limits };
    this.#plan = new Plan(topology);
    this.#ids = new Ids(this.limits.devices);
    this.#addresses = new Addresses(this.limits, this.#entries);
    this.#places = new Places(this.limits);
    this.#joins = new TokenBuckets(this.limits.joinBurst, this.limits.joinInterval);
  }

  get size(): number { return this.#entries.size; }
  get devices(): Device[] { return [...this.#entries.values()].map(deviceOf); }
  byMac(mac: Mac): Device | undefined { return optional(this.#entries.get(mac)); }
  byId(id: number): Device | undefined { return optional(this.#byId[id]); }
  byAddress(address: Ip): Device | undefined { return optional(this.#addresses.holder(address)); }

  info(mac: Mac, now: Millis): DeviceInfo | undefined {
    const entry = this.#entries.get(mac);
    if (!entry) return undefined;
    const blocked = entry.trouble?.blocked?.reason ?? entry.barred?.reason;
    return {
      device: deviceOf(entry), associated: entry.associated, idle: Math.round((now - entry.seen) / 1000), addresses: addressInfos(entry, now),
      ...(entry.key === undefined ? {} : { key: entry.key }), ...(blocked === undefined ? {} : { blocked }),
    };
  }

  // Inputs: configuration

  /** Bindings and devices that the new plan does not allow go; a device whose port is gone keeps its name until it turns up elsewhere. */
  setTopology(topology: Topology, now: Millis): DeviceOutcome {
    this.#plan = new Plan(topology);
    const draft = this.#draft(now);
    for (const entry of this.#entries.values()) {
      if (this.#plan.isInfrastructure(entry.mac)) this.#remove(entry, "infrastructure", draft);
      else this.#addresses.review(entry, this.#plan, draft);
    }
    return draft.outcome();
  }

  /** MACs that the policy or an operator names: they never make room for others. */
  setNamed(macs: Iterable<Mac>): void {
    this.#named = new Set(macs);
  }

  forget(mac: Mac, now: Millis): DeviceOutcome {
    const draft = this.#draft(now);
    const entry = this.#entries.get(mac);
    if (entry) this.#remove(entry, "forgotten", draft);
    return draft.outcome();
  }

  // Inputs: the backend's word about a device

  /** Whether a frame from `port` would make an unknown MAC join: neither the router's, nor at a port that the radio tells of. */
  joinsByFrame(port: string, mac: Mac): boolean {
    return this.mayJoin(mac) && this.#plan.isStationPort(port) && !this.#covered.has(port);
  }

  /** Not the router's or the access point's own. */
  mayJoin(mac: Mac): boolean {
    return this.#plan.isStation(mac);
  }

  /** Keeps a known device out until `unbar`; `until` is when to ask again. */
  bar(mac: Mac, reason: string, until: Millis, now: Millis): DeviceOutcome {
    const draft = this.#draft(now);
    const entry = this.#entries.get(mac);
    if (!entry) return draft.outcome();
    if (!entry.barred) {
      draft.event({ type: "device-blocked", mac, reason });
      draft.changed(entry);
    }
    entry.barred = { reason, until };
    return draft.outcome("drop");
  }

  unbar(mac: Mac, now: Millis): DeviceOutcome {
    const draft = this.#draft(now);
    const entry = this.#entries.get(mac);
    if (!entry?.barred) return draft.outcome();
    entry.barred = undefined;
    if (!entry.trouble?.blocked) draft.event({ type: "device-unblocked", mac });
    draft.changed(entry);
    return draft.outcome();
  }

  /** To be asked about again later, barred meanwhile. */
  postpone(mac: Mac, until: Millis): void {
    const barred = this.#entries.get(mac)?.barred;
    if (barred) barred.until = until;
  }

  /** Barred devices to be asked about again by `now`. */
  barredUntil(now: Millis): Mac[] {
    return [...this.#entries.values()].filter(({ barred }) => barred && barred.until <= now).map(({ mac }) => mac);
  }

  // Inputs: the radio

  /** All stations of one BSS as they are now. */
  stations(port: string, stations: readonly Associated[], now: Millis): DeviceOutcome {
    const draft = this.#draft(now);
    this.#covered.add(port);
    const present = new Set(stations.map(({ address }) => address));
    for (const entry of this.#entries.values()) if (!present.has(entry.mac)) this.#places.disassociated(entry, port, draft);
    for (const { address, key } of stations) this.#associate(port, address, key, true, draft);
    return draft.outcome();
  }

  associated(port: string, mac: Mac, key: string | undefined, now: Millis): DeviceOutcome {
    const draft = this.#draft(now);
    this.#covered.add(port);
    this.#associate(port, mac, key, false, draft);
    return draft.outcome();
  }

  disassociated(port: string, mac: Mac, now: Millis): DeviceOutcome {
    const draft = this.#draft(now);
    this.#covered.add(port);
    const entry = this.#entries.get(mac);
    if (entry) this.#places.disassociated(entry, port, draft);
    return draft.outcome();
  }

  /** The source of station events is gone: frames are what is left, until it lists its stations again. */
  stationsLost(): void {
    this.#covered.clear();
    for (const entry of this.#entries.values()) this.#places.forgetSightings(entry);
  }

  // Inputs: the switch

  /** A frame of a station that the switch did not know at this port (reasons station and moved). */
  frame(port: string, mac: Mac, now: Millis): DeviceOutcome {
    const draft = this.#draft(now);
    const entry = this.#sender(port, mac, draft);
    return draft.outcome(typeof entry === "string" ? entry : "release");
  }

  /** A frame whose sender uses `address`, which is not bound to it (reason binding): in ARP, ND or an IP header. */
  claim(port: string, mac: Mac, address: Ip, now: Millis): DeviceOutcome {
    const draft = this.#draft(now);
    const entry = this.#sender(port, mac, draft);
    if (typeof entry === "string") return draft.outcome(entry);
    return draft.outcome(this.#addresses.claim(entry, address, this.#plan, draft) ? "release" : "drop");
  }

  /** A DHCP or DHCPv6 answer from the network to a station (reason dhcp), once for each address in it. "drop": the station must not get it. */
  lease({ mac, address, seconds, hostname }: Lease, now: Millis): DeviceOutcome {
    const draft = this.#draft(now);
    const entry = this.#entries.get(mac);
    if (!entry) return draft.outcome("drop");
    if (hostname !== undefined && hostname !== entry.name) {
      entry.name = hostname;
      draft.changed(entry);
    }
    return draft.outcome(this.#addresses.lease(entry, address, seconds, this.#plan, draft) ? "release" : "drop");
  }

  /** Whether a station may ask a DHCP server for an address; one that is not known may. */
  mayRequest(mac: Mac, address: Ip, now: Millis): boolean {
    const entry = this.#entries.get(mac);
    return entry === undefined || this.#addresses.mayRequest(entry, address, now);
  }

  /** What the DHCP server calls a device; one that is not known is not made known by it. */
  named(mac: Mac, name: string, now: Millis): DeviceOutcome {
    const draft = this.#draft(now);
    const entry = this.#entries.get(mac);
    if (entry && entry.name !== name) {
      entry.name = name;
      draft.changed(entry);
    }
    return draft.outcome();
  }

  /** Packets that the switch counted from the device's own place. */
  counted(id: number, packets: number, now: Millis): void {
    const entry = this.#byId[id];
    if (entry) this.#places.counted(entry, packets, now);
  }

  tick(now: Millis): DeviceOutcome {
    const draft = this.#draft(now);
    for (const entry of this.#entries.values()) {
      this.#places.tick(entry, this.#plan, draft);
      this.#addresses.expire(entry, draft);
      const patience = this.#isKnown(entry) ? this.limits.forgetKnown : this.limits.forget;
      if (!entry.associated && now - entry.seen >= patience) this.#remove(entry, "idle", draft);
    }
    this.#addresses.sweep(now);
    this.#joins.sweep(now);
    this.#alarms.sweep(now);
    return draft.outcome();
  }

  // State

  /** JSON text. `date`: the wall clock, milliseconds since 1970. */
  save(now: Millis, date: Millis): string {
    return saveEntries(this.#entries.values(), this.#ids.last, now, date);
  }

  /** Into an empty table, before other inputs. Throws SavedStateError (and leaves the table empty) when `text` is no saved state. */
  restore(text: string, now: Millis, date: Millis): DeviceOutcome {
    const { entries, last } = restoreEntries(text, now, date);
    const draft = this.#draft(now);
    for (const entry of entries.slice(0, this.limits.devices)) {
      if (!this.#plan.isStation(entry.mac) || this.#entries.has(entry.mac)) continue;
      if (!this.#ids.reserve(entry.id)) entry.id = this.#ids.take();
      this.#addresses.restore(entry, this.#plan);
      this.#insert(entry, draft);
    }
    this.#ids.continueAfter(last);
    return draft.outcome();
  }

  /** What the switch still had in force when this process met it: of the last seconds before a kill, which no file has. */
  recalled(devices: readonly Device[], now: Millis): DeviceOutcome {
    const draft = this.#draft(now);
    for (const device of devices.filter(({ mac, port }) => this.#plan.isStation(mac) && this.#plan.isStationPort(port))) {
      const entry = this.#entries.get(device.mac) ?? this.#comeBack(device, draft);
      if (!entry || entry.trouble || entry.barred) continue;
      // The radio lists a BSS's stations without telling which are at a VLAN's or an interface of their own.
      if (originOf(device.port, [entry.port])?.vlan) entry.associated = false;
      if (!entry.associated) this.#places.recalled(entry, device.port, draft);
      if (entry.port === device.port) for (const address of device.addresses) this.#addresses.recalled(entry, address, this.#plan, draft);
    }
    return draft.outcome();
  }

  /** Under its old id, so that its flows stay as they are. */
  #comeBack({ id, mac, port }: Device, draft: Draft): Entry | undefined {
    if (this.#entries.size >= this.limits.devices) return undefined;
    const entry = newEntry(this.#ids.reserve(id) ? id : this.#ids.take(), mac, port, draft.now);
    this.#insert(entry, draft);
    draft.event({ type: "device-joined", mac, id: entry.id, port });
    return entry;
  }

  #draft(now: Millis): Draft {
    return new Draft(this.#alarms, now);
  }

  #associate(port: string, mac: Mac, key: string | undefined, listed: boolean, draft: Draft): void {
    if (!this.#plan.isStation(mac)) {
      draft.alarm({ type: "gateway-impersonated", mac, port, what: mac });
      return draft.deauthenticate(port, mac, ReasonCode.UNSPECIFIED);
    }
    const entry = this.#entries.get(mac);
    if (entry) return this.#places[listed ? "listed" : "associated"](entry, port, key, this.#plan, draft);
    if (!this.#join(port, mac, key, true, draft)) draft.deauthenticate(port, mac, ReasonCode.TOO_MANY);
  }

  /** The device at its own place that sent a frame; else what becomes of the frame. */
  #sender(port: string, mac: Mac, draft: Draft): Entry | "drop" | "wait" {
    if (!this.#plan.isStationPort(port)) return "drop";
    if (!this.#plan.isStation(mac)) {
      draft.alarm({ type: "gateway-impersonated", mac, port, what: mac });
      return "drop";
    }
    const entry = this.#entries.get(mac);
    if (entry) {
      const place = this.#places.frame(entry, port, this.#covered.has(port), this.#covered.has(entry.port), this.#plan, draft);
      return place === "here" ? entry : place;
    }
    if (this.#covered.has(port)) return "wait";
    if (!this.#joins.take(port, draft.now)) {
      draft.alarm({ type: "too-many-stations", port });
      return "drop";
    }
    return this.#join(port, mac, undefined, false, draft) ?? "drop";
  }

  #join(port: string, mac: Mac, key: string | undefined, associated: boolean, draft: Draft): Entry | undefined {
    const leaving = roomFor(port, this.#entries.values(), this.limits.devices, (entry) => this.#isKnown(entry), draft.now);
    if (leaving === "full") {
      draft.alarm({ type: "too-many-stations", port });
      return undefined;
    }
    if (leaving) this.#remove(leaving, "room", draft);
    const entry: Entry = { ...newEntry(this.#ids.take(), mac, port, draft.now), key, associated };
    this.#insert(entry, draft);
    draft.event({ type: "device-joined", mac, id: entry.id, port });
    return entry;
  }

  #insert(entry: Entry, draft: Draft): void {
    this.#entries.set(entry.mac, entry);
    while (this.#byId.length <= entry.id) this.#byId.push(undefined);
    this.#byId[entry.id] = entry;
    draft.changed(entry);
  }

  #remove(entry: Entry, reason: Extract<DeviceEvent, { type: "device-left" }>["reason"], draft: Draft): void {
    this.#entries.delete(entry.mac);
    this.#byId[entry.id] = undefined;
    this.#ids.free(entry.id);
    draft.removed(entry);
    draft.event({ type: "device-left", mac: entry.mac, id: entry.id, reason });
  }

  /** Somebody's real device, as far as can be told: never removed to make room. */
  #isKnown(entry: Entry): boolean {
    return entry.key !== undefined || this.#named.has(entry.mac) || entry.ends.some((end) => end !== LEARNT) || entry.seen - entry.joined >= this.limits.probation;
  }
}

function newEntry(id: number, mac: Mac, port: string, now: Millis): Entry {
  return { id, mac, port, key: undefined, name: undefined, associated: false, joined: now, seen: now, packets: -1, counted: now, addresses: [], ends: [], trouble: undefined, barred: undefined };
}

function optional(entry: Entry | undefined): Device | undefined {
  return entry && deviceOf(entry);
}
