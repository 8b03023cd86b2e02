// SPDX-License-Identifier: Apache-2.0
// Where the network lies: the configuration's words and the switch's numbers.
import type { Policy } from "@securebox/contract";
import type { SwitchAbilities } from "node-openvswitch/openflow";
import { formatMac } from "../packets/index.ts";
import type { Mac, Topology } from "../wifi-isolation/network.ts";
import { virtualMac } from "../wifi-isolation/thin-edge/virtual-mac.ts";
import type { GatewayConfig } from "./config/config.ts";
import type { Log } from "./log.ts";
import type { BridgeState } from "./switch/bridge.ts";

/** undefined until OVSDB has told of a port: a topology without ports would take every flow away. */
export function topologyOf(config: Pick<GatewayConfig, "network" | "ports">, { ports }: BridgeState, abilities?: Pick<SwitchAbilities, "ndRewrite">): Topology | undefined {
  if (ports.length === 0) return undefined;
  const { prefixes, gateways, gatewayMacs, resolvers } = config.network;
  const sorted = [...ports].sort((a, b) => a.number - b.number);
  const thin = Object.values(config.ports).includes("thin");
  return { ports: sorted, ...(thin && { thin }), prefixes, gateways, gatewayMacs, resolvers, ...(abilities?.ndRewrite === false && { ndRewrite: false }) };
}

/** By which address stations know each other; undefined: each by its own. */
export function virtualMacOf(topology: Topology | undefined): Mac | undefined {
  const virtual = topology && virtualMac(topology);
  return virtual && formatMac(virtual.bytes);
}

/** With thin ports: by which address stations know each other, and what is lost where nobody told the router's. */
export function tellVirtualMac(topology: Topology, log: Pick<Log, "info" | "warn">): void {
  const virtual = virtualMac(topology);
  if (!virtual) return;
  const fields = { virtualMac: formatMac(virtual.bytes) };
  if (!virtual.made) log.info("thin edge", fields);
  else log.warn("thin edge without gateway-macs: access points that let stations send to the router only will not work", fields);
}

/** A router beyond the uplink has a MAC address that a station can take: then frames from the uplink with it count as forged, and nobody has a router. */
export function tellRouter({ network, ports }: Pick<GatewayConfig, "network" | "ports">, log: Pick<Log, "warn">): void {
  if (!Object.values(ports).includes("uplink") || network.gatewayMacs.length > 0) return;
  log.warn("no gateway-macs: a station that joins with the router's MAC address cuts the others off it; name it in the configuration", { gateways: network.gateways.join(",") });
}

/** In force until a valid policy was read: devices get addresses and reach nothing. */
export const DENY_EVERYTHING: Policy = { version: 1, network: "", mode: "intelligent-edge", groups: {}, rules: [], quarantine: [] };
