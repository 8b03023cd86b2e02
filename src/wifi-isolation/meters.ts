// SPDX-License-Identifier: Apache-2.0
// Meters bound the packets that wait for the gateway: one for each device (its id), one for each port.
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

export const DEFAULT_HOLD_LIMITS: HoldLimits = { device: { rate: 50, burst: 100 }, port: { rate: 50, burst: 100 }, upstream: { rate: 500, burst: 500 } };

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
