// SPDX-License-Identifier: Apache-2.0
// Meters bound the packets that wait for the gateway: one for each device (its id), one for each port; discovery, where one frame becomes many: what a
// device says to groups, and the unicast answers that it gets; and the connections that a device opens, which all devices keep in one table.
import { Port } from "node-openvswitch/openflow";

/** Packets per second, and how many at once. */
export interface Meter {
  id: number;
  rate: number;
  burst: number;
}

export interface MeterChange {
  command: "add" | "modify" | "delete";
  meter: Meter;
}

export interface HoldLimits {
  device: { rate: number; burst: number };
  /** Stations not known yet, by port. */
  port: { rate: number; burst: number };
  upstream: { rate: number; burst: number };
}

/**
 * Frames to mDNS and SSDP groups by one device, and unicast answers to one device. A port mapper announces itself with 26 frames; the same program needs
 * 0.13 s for the answers to one question, and meanwhile answers nobody else.
 */
export const DISCOVERY_LIMITS = { said: { rate: 5, burst: 60 }, answered: { rate: 100, burst: 300 } } as const;

/**
 * Connections that a device opens. An unanswered one is kept for half a minute (net.netfilter.nf_conntrack_udp_timeout), so one device has some thousands of them at most;
 * a page of the web opens some dozens, a client of BitTorrent some dozens a second.
 */
export const OPENED_LIMIT = { rate: 100, burst: 500 } as const;

/** Ids of devices are less. */
const FIRST_SAID_METER = 15_000;
const FIRST_ANSWERED_METER = 30_000;
const FIRST_OPENED_METER = 45_000;

export function saidMeter(device: number): number {
  return FIRST_SAID_METER + device;
}

export function answeredMeter(device: number): number {
  return FIRST_ANSWERED_METER + device;
}

export function openedMeter(device: number): number {
  return FIRST_OPENED_METER + device;
}

export const DEFAULT_HOLD_LIMITS: HoldLimits = { device: { rate: 50, burst: 100 }, port: { rate: 50, burst: 100 }, upstream: { rate: 500, burst: 500 } };

/** The meters of one device. */
export function deviceMeters(id: number, { device }: HoldLimits): Meter[] {
  return [{ id, ...device }, { id: saidMeter(id), ...DISCOVERY_LIMITS.said }, { id: answeredMeter(id), ...DISCOVERY_LIMITS.answered }, { id: openedMeter(id), ...OPENED_LIMIT }];
}

const FIRST_PORT_METER = 60_000;
const LOCAL_METER = FIRST_PORT_METER + 5_000;

/** Open vSwitch 2.15 has 65,536 meters. Throws RangeError for ports from 5,000 on. */
export function portMeter(port: number): number {
  if ((port & 0xffff) === (Port.LOCAL & 0xffff)) return LOCAL_METER;
  if (port >= 5_000) throw new RangeError(`port ${port} is too large to have a meter`);
  return FIRST_PORT_METER + port;
}

/** What to do so that the switch's meters become the desired ones: first what is added or changed, then (after the flows) what goes. */
export function diffMeters(observed: Iterable<Meter>, desired: Iterable<Meter>): { before: MeterChange[]; after: MeterChange[] } {
  const known = new Map([...observed].map((meter) => [meter.id, meter]));
  const before: MeterChange[] = [];
  for (const meter of desired) {
    const old = known.get(meter.id);
    known.delete(meter.id);
    if (!old) before.push({ command: "add", meter });
    else if (old.rate !== meter.rate || old.burst !== meter.burst) before.push({ command: "modify", meter });
  }
  return { before, after: [...known.values()].map((meter) => ({ command: "delete", meter })) };
}
