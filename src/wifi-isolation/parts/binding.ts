// SPDX-License-Identifier: Apache-2.0
// Tables sender and binding: a device uses its own addresses only, in the headers and inside ARP and neighbour discovery.
import type { Flow, Match } from "node-openvswitch/openflow";
import { IPV4 } from "../bytes.ts";
import { flow } from "../pipeline.ts";
import { setReason, SOURCE } from "../registers.ts";
import type { Site } from "../site.ts";
import type { DeviceView } from "../view.ts";
import { arp, DHCP4_REQUEST, DHCP6_REQUEST, icmp6, ipSource, LINK_LOCAL, NA, NO_ACTIONS, NS, UNSPECIFIED6 } from "./match.ts";

const NO_MAC = new Uint8Array(6);
/** RFC 2710, RFC 3810: reports of a station that has no address yet. */
const MLD_REPORTS = [131, 143];

export function* bindingFlows(site: Site, cookie: bigint): Generator<Flow> {
  for (const match of [icmp6(NS, { nd_sll: NO_MAC }), icmp6(NA, { nd_tll: NO_MAC })]) yield flow(cookie, "sender", 10, match, NO_ACTIONS, { goto: "binding" });
  const drop = (priority: number, match: Match): Flow => flow(cookie, "binding", priority, match, NO_ACTIONS);
  const pass = (match: Match): Flow => flow(cookie, "binding", 80, match, NO_ACTIONS, { goto: "dispatch" });
  for (const gateway of site.gateways) for (const match of claims(gateway)) yield drop(300, match);
  for (const resolver of site.nearResolvers) for (const match of claims(resolver)) yield drop(90, match);
  // Answers of stations are the switch's business; an announcement in a reply (RFC 5227 §3) has nobody to hear it but the router, which asks.
  yield drop(400, arp({ arp_op: 2 }));
  yield pass({ ip_src: 0, ...DHCP4_REQUEST });
  yield pass(arp({ arp_op: 1, arp_spa: 0 }));
  for (const type of [NS, ...MLD_REPORTS]) yield pass(icmp6(type, { ipv6_src: UNSPECIFIED6 }));
  for (const range of [...site.ranges, LINK_LOCAL]) for (const match of claims(range)) yield flow(cookie, "binding", 10, match, [setReason("binding")], { goto: "hold" });
}

/** A frame whose sender claims the address. */
function* claims(given: Parameters<typeof ipSource>[0]): Generator<Match> {
  const source = ipSource(given);
  yield source;
  if (given.type === IPV4) yield arp({ arp_spa: source["ip_src"]! });
}

export function* bindingDeviceFlows(device: DeviceView, cookie: bigint): Generator<Flow> {
  const { id, macBytes } = device;
  const truthful = [arp({ arp_sha: macBytes }), icmp6(NS, { nd_sll: macBytes }), icmp6(NA, { nd_tll: macBytes })];
  for (const match of truthful) yield flow(cookie, "sender", 20, { [SOURCE]: id, ...match }, NO_ACTIONS, { goto: "binding" });
  for (const address of device.addresses) {
    for (const match of claims(address)) yield flow(cookie, "binding", 100, { [SOURCE]: id, ...match }, NO_ACTIONS, { goto: "dispatch" });
  }
}

/** A device that is cut may ask for its lease with the address it has. */
export function* cutBindingFlows(device: DeviceView, cookie: bigint): Generator<Flow> {
  for (const address of device.addresses) {
    const request = address.type === IPV4 ? DHCP4_REQUEST : DHCP6_REQUEST;
    yield flow(cookie, "binding", 100, { [SOURCE]: device.id, ...ipSource(address), ...request }, NO_ACTIONS, { goto: "dispatch" });
  }
}
