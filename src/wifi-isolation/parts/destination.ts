// SPDX-License-Identifier: Apache-2.0
// Table destination: which device, or what upstream, a unicast packet is for, and its port.
import type { Action, Flow, Match } from "node-openvswitch/openflow";
import { IPV4, IPV6, macBytes } from "../bytes.ts";
import { BIT } from "../groups.ts";
import { flow } from "../pipeline.ts";
import { bitsOf, DESTINATION, OUT_PORT, setBits, setRegister, SOURCE } from "../registers.ts";
import { shortPort, type Site } from "../site.ts";
import { thinDestinationFlows } from "../thin-edge/flows.ts";
import type { DeviceView } from "../view.ts";
import { GROUP_ADDRESS, icmp6, ipDestination, LINK_LOCAL, NA, NO_ACTIONS } from "./match.ts";

const TO_GATEWAY = [setBits("destinationGroups", bitsOf([BIT.gateway]))];
const TO_INTERNET = [setBits("destinationGroups", bitsOf([BIT.internet]))];

export function* destinationFlows(site: Site, cookie: bigint): Generator<Flow> {
  yield flow(cookie, "destination", 500, { ...icmp6(NA), eth_dst: GROUP_ADDRESS }, NO_ACTIONS, { goto: "uplink" });
  // Router and access point among themselves.
  yield flow(cookie, "destination", 290, { [SOURCE]: 0 }, NO_ACTIONS, { goto: "uplink" });
  for (const local of site.localPorts) yield* upstreamHosts(site, 1, { eth_dst: macBytes(local.mac!) }, local.number, cookie);
  if (site.uplink) yield* upstreamHosts(site, 0, {}, site.uplink.number, cookie);
}

/** By IP address: the gateway, a near resolver, a client's address that no device has (dropped), the internet. */
function* upstreamHosts(site: Site, preference: number, through: Match, port: number, cookie: bigint): Generator<Flow> {
  const send = setRegister(OUT_PORT, shortPort(port));
  const to = (priority: number, match: Match, actions: readonly Action[]): Flow =>
    flow(cookie, "destination", priority + preference, { ...match, ...through }, [...actions, send], { goto: "names" });
  for (const gateway of site.gateways) yield to(200, ipDestination(gateway), TO_GATEWAY);
  for (const resolver of site.nearResolvers) yield to(190, ipDestination(resolver), NO_ACTIONS);
  for (const range of site.ranges) yield flow(cookie, "destination", 180 + preference, { ...ipDestination(range), ...through }, NO_ACTIONS);
  yield to(170, ipDestination(LINK_LOCAL), TO_GATEWAY);
  for (const eth_type of [IPV4, IPV6]) yield to(100, { eth_type }, TO_INTERNET);
}

export function* destinationDeviceFlows(site: Site, device: DeviceView, cookie: bigint): Generator<Flow> {
  const found = [setRegister(DESTINATION, device.id), setBits("destinationGroups", device.groups), setRegister(OUT_PORT, shortPort(device.port))];
  for (const address of device.addresses) yield flow(cookie, "destination", 400, { eth_dst: device.macBytes, ...ipDestination(address) }, found, { goto: "names" });
  yield* thinDestinationFlows(site, device, found, cookie);
}

/** What is for a device's link-layer address is for its own IP addresses. */
export function ownAddressesOnly(device: DeviceView, cookie: bigint): Flow {
  return flow(cookie, "destination", 300, { eth_dst: device.macBytes }, NO_ACTIONS);
}
