// SPDX-License-Identifier: Apache-2.0
/*
 * Does a management station still reach this device? An idle session says nothing: to the kernel it stays established long after the radio is gone. So who has
 * one is remembered, and asked now. A station of ours gets an ARP request by the switch, past the policy, and is there when the switch counts a packet from its
 * own place; others (upstream, routed) are knocked at by TCP, where a refusal is an answer, too. One that answers is enough, while this device listens on its port.
 */
import { Port, type Outgoing } from "node-openvswitch/openflow";
import type { Millis, Platform, PlatformError } from "quickjs-ts";
import { encodeArp, encodeEthernet, EtherType, type Ip } from "../../../packets/index.ts";
import type { Device, SwitchPort } from "../../../wifi-isolation/network.ts";
import { sessionsIn, type Session } from "./sessions.ts";

export interface ManagementParts {
  platform: Pick<Platform, "files" | "net" | "timers" | "time">;
  ports(): readonly SwitchPort[];
  deviceAt(address: Ip): Device | undefined;
  /** Packets by device id; undefined: no switch. */
  count(): Promise<Map<number, number>> | undefined;
  send(message: Outgoing): boolean;
}

/** A session that ended is remembered: the change may have ended it. */
const REMEMBERED: Millis = 10 * 60_000;
const MAX_PEERS = 16;
/** Open vSwitch brings its counters up to date once in a second at the latest, on a busy machine later. */
const COUNTED: Millis = 1500;
const KNOCK: Millis = 1500;
/** discard (RFC 863): nobody minds a knock there. */
const DISCARD = 9;
const LITTLE_ENDIAN = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

export class ManagementProbe {
  readonly #parts: ManagementParts;
  readonly #peers = new Map<Ip, Session & { seen: Millis }>();

  constructor(parts: ManagementParts) {
    this.#parts = parts;
  }

  /** undefined: nobody manages it over the network. */
  async reached(): Promise<boolean | undefined> {
    const listening = this.#look();
    const peers = [...this.#peers.values()];
    if (peers.length === 0) return undefined;
    const asked = peers.filter(({ port }) => listening.has(port));
    const [stations, others] = [asked.filter(({ peer }) => this.#parts.deviceAt(peer)), asked.filter(({ peer }) => !this.#parts.deviceAt(peer))];
    const answers = await Promise.all([this.#anyCounted(stations), ...others.map(({ peer }) => this.#knock(peer))]);
    return answers.some(Boolean);
  }

  /** Remembers who has a session now; the ports listened on. */
  #look(): Set<number> {
    const now = this.#parts.platform.time.now();
    const { sessions, listening } = sessionsIn(["/proc/net/tcp", "/proc/net/tcp6"].map((path) => this.#read(path)), LITTLE_ENDIAN);
    for (const session of sessions) {
      this.#peers.delete(session.peer);
      this.#peers.set(session.peer, { ...session, seen: now });
    }
    for (const [peer, { seen }] of this.#peers) if (now - seen > REMEMBERED || this.#peers.size > MAX_PEERS) this.#peers.delete(peer);
    return listening;
  }

  async #anyCounted(stations: readonly Session[]): Promise<boolean> {
    if (stations.length === 0) return false;
    const before = await this.#parts.count();
    for (const station of stations) this.#ask(station);
    await new Promise<void>((resolve) => void this.#parts.platform.timers.after(COUNTED, resolve));
    const after = await this.#parts.count();
    return before !== undefined && after !== undefined && stations.some(({ peer }) => {
      const id = this.#parts.deviceAt(peer)?.id ?? 0;
      return (after.get(id) ?? 0) > (before.get(id) ?? 0);
    });
  }

  /** By unicast, and past the tables, which would answer it themselves. IPv6 stations mostly have an IPv4 address, too; without one they are only counted. */
  #ask({ peer, own }: Session): void {
    const device = this.#parts.deviceAt(peer)!;
    const ports = this.#parts.ports();
    const place = ports.find(({ name }) => name === device.port);
    const local = ports.find(({ role }) => role === "local")?.mac;
    const target = device.addresses.find((address) => !address.includes(":"));
    if (!place || !local || target === undefined) return;
    const arp = encodeArp({ operation: "request", senderMac: local, senderIp: own.includes(":") ? "0.0.0.0" : own, targetMac: "00:00:00:00:00:00", targetIp: target });
    const packet = encodeEthernet({ destination: device.mac, source: local, etherType: EtherType.ARP, payload: arp });
    this.#parts.send({ type: "packet-out", inPort: Port.CONTROLLER, packet, actions: [{ type: "output", port: place.number }] });
  }

  #knock(host: Ip): Promise<boolean> {
    return new Promise((resolve) => {
      const stream = this.#parts.platform.net.connect({ host, port: DISCARD }, {
        open: () => { resolve(true); stream.destroy(); }, data: () => {},
        close: (error?: PlatformError) => resolve(error?.code === "ECONNREFUSED"),
      }, { timeout: KNOCK });
    });
  }

  #read(path: string): string {
    try {
      return this.#parts.platform.files.readText(path);
    } catch {
      return ""; // no IPv6 in this kernel
    }
  }
}
