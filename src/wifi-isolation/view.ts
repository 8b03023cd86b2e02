// SPDX-License-Identifier: Apache-2.0
// What the parts are compiled from: the site, the program, and a device with all that its flows need.
import { macBytes, parseAddress, type Address } from "./bytes.ts";
import type { Tree } from "./discovery-rules.ts";
import type { Device, FlowVerdict, Ip, Mac } from "./network.ts";
import type { Program } from "./program.ts";
import type { Bits } from "./registers.ts";
import type { Site } from "./site.ts";

/** Device ids share the numbers of meters with ports, and each device has four (meters.ts). */
export const MAX_DEVICE_ID = 14_999;

export interface DeviceView {
  id: number;
  mac: Mac;
  macBytes: Uint8Array;
  /** OpenFlow number of its port. */
  port: number;
  addresses: readonly Address[];
  groups: Bits;
  /** Blocked or in quarantine: reaches nothing but DHCP. */
  cut: boolean;
  mdns: Tree | undefined;
  ssdp: Tree | undefined;
}

/** What compilation may ask about the network. */
export interface View {
  readonly site: Site;
  readonly program: Program;
  device(id: number): Device | undefined;
  idOf(mac: Mac): number | undefined;
  deviceAt(address: Ip): Device | undefined;
  /** DNS patterns that stand for the address now. */
  patternsOf(address: Ip): readonly string[];
  verdict(key: string): FlowVerdict | undefined;
  /** Devices with ids from `index << 4*(level+1)` on, 16 << 4*level of them. */
  population(level: number, index: number): number;
}

/** Undefined: the device is at a port that the switch does not have, so it has no flows. */
export function viewDevice(view: Pick<View, "site" | "program">, device: Device): DeviceView | undefined {
  const port = view.site.port(device.port);
  if (!port) return undefined;
  const { id, mac } = device;
  const groups = view.program.groupsOf(mac);
  const identity = { mac, groups };
  return {
    id, mac, groups, macBytes: macBytes(mac), port: port.number, addresses: [...new Set(device.addresses)].map(parseAddress),
    cut: device.blocked === true || view.program.isQuarantined(mac),
    mdns: view.program.discoveryOf(identity, "mdns"), ssdp: view.program.discoveryOf(identity, "ssdp"),
  };
}
