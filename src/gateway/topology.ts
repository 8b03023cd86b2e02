// SPDX-License-Identifier: Apache-2.0
// Where the network lies: the configuration's words and the switch's numbers.
import type { Policy } from "@securebox/contract";
import type { SwitchAbilities } from "node-openvswitch/openflow";
import type { Topology } from "../wifi-isolation/network.ts";
import type { GatewayConfig } from "./config/config.ts";
import type { BridgeState } from "./switch/bridge.ts";

/** undefined until OVSDB has told of a port: a topology without ports would take every flow away. */
export function topologyOf(config: Pick<GatewayConfig, "network" | "ports">, { ports }: BridgeState, abilities?: Pick<SwitchAbilities, "ndRewrite">): Topology | undefined {
  if (ports.length === 0) return undefined;
  const { prefixes, gateways, gatewayMacs, resolvers } = config.network;
  const sorted = [...ports].sort((a, b) => a.number - b.number);
  const thin = Object.values(config.ports).includes("thin");
  return { ports: sorted, ...(thin && { thin }), prefixes, gateways, gatewayMacs, resolvers, ...(abilities?.ndRewrite === false && { ndRewrite: false }) };
}

/** In force until a valid policy was read: devices get addresses and reach nothing. */
export const DENY_EVERYTHING: Policy = { version: 1, network: "", mode: "intelligent-edge", groups: {}, rules: [], quarantine: [] };
