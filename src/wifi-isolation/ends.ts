// SPDX-License-Identifier: Apache-2.0
// An end of a rule as flows match it: a bit of the group registers, or one device's id.
import type { Match } from "node-openvswitch/openflow";
import type { Mac } from "./network.ts";
import { BIT } from "./groups.ts";
import { bitMatch, DESTINATION, hasBit, SOURCE, type Bits } from "./registers.ts";

export type FlowEnd = { mac: Mac } | { bit: number };

/** What of a device an end looks at. */
export interface Identity {
  mac: Mac;
  groups: Bits;
}

export function holdsDevice(end: FlowEnd, device: Identity): boolean {
  return "mac" in end ? end.mac === device.mac : end.bit >= BIT.all && hasBit(device.groups, end.bit);
}

/** Whether devices can be at this end (and not only what lies upstream). */
export function isDeviceEnd(end: FlowEnd): boolean {
  return "mac" in end || end.bit >= BIT.all;
}

/** Text that identifies the end within one policy. */
export function endKey(end: FlowEnd): string {
  return "mac" in end ? end.mac : `#${end.bit}`;
}

/** Adds the end to a match. False: the device is not here, so no packet has that end. */
export function matchEnd(match: Match, end: FlowEnd, side: "source" | "destination", idOf: (mac: Mac) => number | undefined): boolean {
  if ("mac" in end) {
    const id = idOf(end.mac);
    if (id === undefined) return false;
    match[side === "source" ? SOURCE : DESTINATION] = id;
    return true;
  }
  const [field, value] = bitMatch(side === "source" ? "sourceGroups" : "destinationGroups", end.bit);
  match[field] = value;
  return true;
}
