// SPDX-License-Identifier: Apache-2.0
// Tables ingress, guard and upstream: what may enter the switch at which role of port.
import type { Action, Flow, Match } from "node-openvswitch/openflow";
import { IPV4, IPV6, macBytes } from "../bytes.ts";
import { BIT } from "../groups.ts";
import type { SwitchPort } from "../network.ts";
import { flow } from "../pipeline.ts";
import { bitsOf, HELD, setBits, setReason, stateMatch } from "../registers.ts";
import type { Site } from "../site.ts";
import { EVERYBODY } from "../discovery-rules.ts";
import type { DeviceView } from "../view.ts";
import { copies } from "./fanout.ts";
import { arp, DHCP4_REPLY, DHCP4_REQUEST, DHCP6_REPLY, GROUP_ADDRESS, icmp6, ipSource, LINK_LOCAL, NA, NO_ACTIONS, UNSPECIFIED6 } from "./match.ts";

const ROUTER_ADVERTISEMENT = 134;
const REDIRECT = 137;
/** Open vSwitch's bit for any fragment; only the first has ports. */
const FRAGMENT = { value: 1, mask: 1 };
const FROM_INTERNET = [setBits("sourceGroups", bitsOf([BIT.internet]))];
const FROM_GATEWAY = [setBits("sourceGroups", bitsOf([BIT.gateway]))];

/** Table ingress: the role of the port. */
export function* ingressFlows(site: Site, cookie: bigint): Generator<Flow> {
  const drop = (match: Match): Flow => flow(cookie, "ingress", 100, match, NO_ACTIONS);
  yield drop({ eth_src: GROUP_ADDRESS });
  // A tagged frame hides its type from the tables behind; no port of ours carries VLANs.
  yield drop({ vlan_tci: { value: 0x1000, mask: 0x1000 } });
  // IEEE 802.1D §7.12.6: link-local protocols (spanning tree, 802.1X, LLDP) end at the access point.
  yield drop({ eth_dst: { value: macBytes("01:80:c2:00:00:00"), mask: macBytes("ff:ff:ff:ff:ff:f0") } });
  // IEEE 802.11 TDLS set-up: a direct link between stations would pass us by.
  yield drop({ eth_type: 0x890d });
  for (const { number } of site.stationPorts) yield flow(cookie, "ingress", 10, { in_port: number }, NO_ACTIONS, { goto: "source" });
  for (const { number } of site.upstreamPorts) yield flow(cookie, "ingress", 10, { in_port: number }, NO_ACTIONS, { goto: "upstream" });
}

/** Table guard: what no station may send, whoever it is. RFC 6105 (RA guard), RFC 7610 (DHCPv6 shield). */
export function* guardFlows(cookie: bigint): Generator<Flow> {
  const drop = (match: Match): Flow => flow(cookie, "guard", 100, match, NO_ACTIONS);
  yield drop({ eth_type: IPV4, nw_proto: 17, udp_src: 67 });
  // RFC 2131 §4.1: clients send from port 68. From another, or in fragments, a request would pass by a rule and not be looked into.
  yield drop({ ...DHCP4_REQUEST, ip_frag: FRAGMENT });
  yield flow(cookie, "guard", 90, DHCP4_REQUEST, NO_ACTIONS, { goto: "binding" });
  yield flow(cookie, "guard", 80, { eth_type: IPV4, nw_proto: 17, udp_dst: 67 }, NO_ACTIONS);
  yield drop({ eth_type: IPV6, nw_proto: 17, udp_src: 547 });
  yield drop(icmp6(ROUTER_ADVERTISEMENT));
  yield drop(icmp6(REDIRECT));
  // RFC 792 redirect, RFC 1256 router advertisement.
  for (const type of [5, 9]) yield drop({ eth_type: IPV4, nw_proto: 1, icmp_type: type });
  for (const match of [arp(), icmp6(135), icmp6(NA)]) yield flow(cookie, "guard", 50, match, NO_ACTIONS, { goto: "sender" });
  for (const eth_type of [IPV4, IPV6]) yield flow(cookie, "guard", 10, { eth_type }, NO_ACTIONS, { goto: "binding" });
}

/** Table upstream: what comes from router and internet. */
export function* upstreamFlows(site: Site, cookie: bigint): Generator<Flow> {
  for (const port of site.upstreamPorts) yield* leaseFlows(site, port, cookie);
  for (const local of site.localPorts) yield flow(cookie, "upstream", 180, { eth_dst: macBytes(local.mac!) }, toLocal(local), {});
  yield flow(cookie, "upstream", 100, icmp6(REDIRECT), NO_ACTIONS);
  yield flow(cookie, "upstream", 101, icmp6(ROUTER_ADVERTISEMENT, { eth_dst: GROUP_ADDRESS }), [...FROM_GATEWAY, ...toUpstream(site), ...copies(EVERYBODY)]);
  yield flow(cookie, "upstream", 100, icmp6(ROUTER_ADVERTISEMENT), NO_ACTIONS, { goto: "lease" });
  yield flow(cookie, "upstream", 90, arp(), FROM_GATEWAY, { goto: "dispatch" });
  yield flow(cookie, "upstream", 90, { eth_type: IPV6, ipv6_src: UNSPECIFIED6 }, FROM_GATEWAY, { goto: "dispatch" });
  yield* upstreamSources(site, cookie);
}

function* upstreamSources(site: Site, cookie: bigint): Generator<Flow> {
  const from = (priority: number, match: Match, actions: readonly Action[]): Flow => flow(cookie, "upstream", priority, match, actions, { goto: "dispatch" });
  for (const gateway of site.gateways) yield from(80, ipSource(gateway), FROM_GATEWAY);
  for (const resolver of site.nearResolvers) yield from(80, ipSource(resolver), NO_ACTIONS);
  // The access point's own address may lie in the clients' subnet without being their gateway: it is managed from upstream, and no end of a rule.
  for (const { number } of site.localPorts) for (const range of site.ranges) yield from(75, { in_port: number, ...ipSource(range) }, NO_ACTIONS);
  yield from(72, ipSource(LINK_LOCAL), FROM_GATEWAY);
  for (const range of site.ranges) yield flow(cookie, "upstream", 70, ipSource(range), NO_ACTIONS);
  for (const eth_type of [IPV4, IPV6]) yield from(10, { eth_type }, FROM_INTERNET);
}

/** DHCP answers are held once, so that the lease is in force before the station uses it; then they go to the station in eth_dst only. */
function* leaseFlows(site: Site, { number, role }: SwitchPort, cookie: bigint): Generator<Flow> {
  const alsoLocal: Action[] = role === "uplink" ? site.localPorts.map((local) => ({ type: "output", port: local.number })) : [];
  for (const reply of [DHCP4_REPLY, DHCP6_REPLY]) {
    yield flow(cookie, "upstream", 150, { in_port: number, reg3: stateMatch(HELD, false), ...reply }, [...alsoLocal, setReason("dhcp")], { goto: "hold" });
    yield flow(cookie, "upstream", 150, { in_port: number, reg3: stateMatch(HELD), ...reply }, NO_ACTIONS, { goto: "lease" });
  }
}

function toLocal(local: SwitchPort): Action[] {
  return [{ type: "output", port: local.number }];
}

/** Output to the port a frame came from is no output, so this reaches the other upstream ports. */
export function toUpstream(site: Site): Action[] {
  return site.upstreamPorts.map(({ number }) => ({ type: "output", port: number }));
}

/** Table uplink: the end of what goes upstream as it is. */
export function* uplinkFlows(site: Site, cookie: bigint): Generator<Flow> {
  yield flow(cookie, "uplink", 0, {}, toUpstream(site));
}

/** Table upstream: addresses of devices do not come from there (a router that sends a station's packet back, or somebody who pretends). */
export function* upstreamDeviceFlows(device: DeviceView, cookie: bigint): Generator<Flow> {
  yield flow(cookie, "upstream", 200, { eth_src: device.macBytes }, NO_ACTIONS);
  for (const address of device.addresses) {
    yield flow(cookie, "upstream", 200, ipSource(address), NO_ACTIONS);
    yield flow(cookie, "upstream", 200, address.type === IPV4 ? arp({ arp_spa: address.value }) : icmp6(NA, { nd_target: address.value }), NO_ACTIONS);
  }
}
