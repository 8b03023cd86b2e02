// SPDX-License-Identifier: Apache-2.0
// The network that benches load a gateway with: devices of many owners, each with one IPv4 and two IPv6 addresses, and rules between their groups.
import type { Policy, Rule } from "@securebox/contract";
import type { Device, Topology } from "../../src/wifi-isolation/network.ts";

const GROUP_SIZE = 10;
export const DEVICES = 250;
/** A policy of this many rules for 250 devices compiles to a little over 10,000 flows. */
export const RULES = 200;

export const topology: Topology = {
  ports: [{ name: "wlan0", number: 1, role: "bss" }, { name: "wan", number: 2, role: "uplink" }],
  prefixes: ["10.0.0.0/16", "2001:db8::/64"], gateways: ["10.0.0.1", "fe80::1"], gatewayMacs: ["02:ff:00:00:00:01"], resolvers: ["10.0.0.1"],
};

/** Device number `id`, from 1. */
export function device(id: number, port = "wlan0"): Device {
  const hex = id.toString(16);
  return { id, mac: macOf(id), port, addresses: [`10.0.${(id + 256) >>> 8}.${(id + 256) & 255}`, `fe80::1:${hex}`, `2001:db8::1:${hex}`] };
}

export function macOf(id: number): string {
  return `02:be:00:00:${(id >>> 8).toString(16).padStart(2, "0")}:${(id & 255).toString(16).padStart(2, "0")}`;
}

export function devices(count: number): Device[] {
  return Array.from({ length: count }, (_, i) => device(i + 1));
}

/** The file that src/gateway/devices/saved.ts reads: every address is a lease without end. */
export function savedDevices(count: number): string {
  const now = Date.now();
  const all = devices(count).map(({ id, mac, port, addresses }) => ({ id, mac, port, name: `device-${id}`, joined: now, seen: now, addresses: addresses.map((address) => ({ address, expires: null })) }));
  return JSON.stringify({ version: 1, saved: now, last: count, devices: all });
}

/** Groups of ten, and `rules` rules that each open one port from one group to another. */
export function policy(count: number, rules: number): Policy {
  const groups = Object.fromEntries(Array.from({ length: Math.ceil(count / GROUP_SIZE) }, (_, g) => [`g${g}`, members(g, count)]));
  return { version: 1, network: "bench", mode: "intelligent-edge", groups, rules: Array.from({ length: rules }, (_, i) => rule(i, Object.keys(groups).length)), quarantine: [] };
}

function members(group: number, count: number): { mac: string }[] {
  const ids = Array.from({ length: GROUP_SIZE }, (_, i) => group * GROUP_SIZE + i + 1);
  return ids.filter((id) => id <= count).map((id) => ({ mac: macOf(id) }));
}

function rule(index: number, groups: number): Rule {
  const from = index % groups;
  return { from: `g${from}`, to: `g${(from + 1 + Math.floor(index / groups)) % groups}`, allow: [`tcp/${1000 + index}`, `udp/${5000 + index}`] };
}
