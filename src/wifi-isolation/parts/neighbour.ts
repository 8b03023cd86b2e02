// SPDX-License-Identifier: Apache-2.0
// Tables dispatch, neighbour, pair, answer, responder, reply, advert: ARP and neighbour discovery, answered by the switch itself.
import type { Action, Flow, Match } from "node-openvswitch/openflow";
import { ARP, IPV4 } from "../bytes.ts";
import { isDeviceEnd, matchEnd, type FlowEnd } from "../ends.ts";
import { BIT } from "../groups.ts";
import type { Mac } from "../network.ts";
import { call, flow } from "../pipeline.ts";
import { bitMatch, DESTINATION, JOINED, setBits, setReason, setRegister, setStateBit, SOURCE, STATE, stateMatch, type BitRegister } from "../registers.ts";
import type { Site } from "../site.ts";
import { EVERYBODY } from "../discovery-rules.ts";
import type { DeviceView } from "../view.ts";
import { copies } from "./fanout.ts";
import { arp, askedAddress, GROUP_ADDRESS, icmp6, LINK_LOCAL, NA, NO_ACTIONS, NS, UNSPECIFIED6 } from "./match.ts";

const UPSTREAM: Match = { [SOURCE]: 0 };
const JOIN = [setStateBit(JOINED)];
const JOINED_STATE: Match = { [STATE]: stateMatch(JOINED) };

export function* dispatchFlows(site: Site, cookie: bigint): Generator<Flow> {
  const to = (priority: number, match: Match, goto: "neighbour" | "group" | "destination"): Flow => flow(cookie, "dispatch", priority, match, NO_ACTIONS, { goto });
  // The router announces a new link-layer address (RFC 4861 §7.2.6); anybody else's announcement from upstream is none of the stations' business.
  for (const gateway of site.gateways) {
    if (gateway.type !== IPV4) yield flow(cookie, "dispatch", 47, { ...UPSTREAM, ...icmp6(NA, { nd_target: gateway.value }), eth_dst: GROUP_ADDRESS }, copies(EVERYBODY));
  }
  yield flow(cookie, "dispatch", 46, { ...UPSTREAM, ...icmp6(NA), eth_dst: GROUP_ADDRESS }, NO_ACTIONS, { goto: "uplink" });
  yield to(45, { ...UPSTREAM, ...icmp6(NA) }, "destination");
  for (const match of [arp(), icmp6(NS), icmp6(NA)]) yield to(40, match, "neighbour");
  yield to(30, { eth_dst: GROUP_ADDRESS }, "group");
  yield to(10, {}, "destination");
}

export function* neighbourFlows(site: Site, cookie: bigint): Generator<Flow> {
  const uplink = (priority: number, match: Match): Flow => flow(cookie, "neighbour", priority, match, NO_ACTIONS, { goto: "uplink" });
  for (const host of [...site.gateways, ...site.nearResolvers]) yield uplink(300, askedAddress(host));
  // Nobody here has the address: if it is asked for from upstream, it lies upstream.
  for (const match of [arp(), icmp6(NS)]) yield uplink(60, { ...UPSTREAM, ...match });
  const hold = (match: Match): Flow => flow(cookie, "neighbour", 50, match, [setReason("binding")], { goto: "hold" });
  // RFC 5227 probe, RFC 4862 §5.4 duplicate address detection: a device is about to use the address.
  for (const range of [...site.ranges, LINK_LOCAL]) yield hold({ ...askedAddress(range), ...(range.type === IPV4 ? { arp_spa: 0 } : { ipv6_src: UNSPECIFIED6 }) });
  // The router's link-local address need not be known.
  yield uplink(40, askedAddress(LINK_LOCAL));
}

/** Static flows of table pair: everybody and the router may know each other; an address in use is defended against everybody. */
export function* upstreamPairFlows(cookie: bigint): Generator<Flow> {
  const join = (match: Match): Flow => flow(cookie, "pair", 10, match, JOIN);
  for (const register of ["sourceGroups", "destinationGroups"] as BitRegister[]) {
    for (const bit of [BIT.internet, BIT.gateway]) {
      const [field, value] = bitMatch(register, bit);
      yield join({ [field]: value });
    }
  }
  yield join(arp({ arp_spa: 0 }));
  yield join(icmp6(NS, { ipv6_src: UNSPECIFIED6 }));
}

/** Table pair: the two ends of a rule, either way. */
export function* pairFlows(ends: readonly [FlowEnd, FlowEnd], idOf: (mac: Mac) => number | undefined, cookie: bigint): Generator<Flow> {
  if (!ends.every(isDeviceEnd)) return;
  const same = JSON.stringify(ends[0]) === JSON.stringify(ends[1]);
  for (const [from, to] of same ? [ends] : [ends, [ends[1], ends[0]] as const]) {
    const match: Match = {};
    if (matchEnd(match, from, "source", idOf) && matchEnd(match, to, "destination", idOf)) yield flow(cookie, "pair", 10, match, JOIN);
  }
}

export function* neighbourDeviceFlows(device: DeviceView, cookie: bigint): Generator<Flow> {
  const found = [setRegister(DESTINATION, device.id), setBits("destinationGroups", device.groups), call("pair")];
  const own: Match = { [SOURCE]: device.id };
  for (const address of device.addresses) {
    // About itself: an announcement or a check, which only the router need hear.
    yield flow(cookie, "neighbour", 200, { ...own, ...askedAddress(address) }, NO_ACTIONS, { goto: "uplink" });
    const about: Match = address.type === IPV4 ? arp({ arp_tpa: address.value }) : icmp6(NS, { nd_target: address.value });
    yield flow(cookie, "neighbour", 100, about, found, { goto: "answer" });
    if (address.type !== IPV4) yield flow(cookie, "neighbour", 200, { ...own, ...icmp6(NA, { nd_target: address.value }) }, NO_ACTIONS, { goto: "destination" });
  }
  const fromMe: Action = { type: "set-field", field: "eth_src", value: device.macBytes };
  yield flow(cookie, "responder", 10, { [DESTINATION]: device.id }, [move("eth_src", "eth_dst"), fromMe], { goto: "reply" });
}

/** Table answer: who answers. A solicitation without the asker's link-layer address (RFC 4861 §4.3, unicast probes) has no room for ours: its target answers itself. So it does where the switch cannot make an advertisement. */
export function* answerFlows(site: Site, cookie: bigint): Generator<Flow> {
  const to = (priority: number, match: Match, goto: "responder" | "copy"): Flow => flow(cookie, "answer", priority, match, NO_ACTIONS, { goto });
  yield to(300, icmp6(NS, { ipv6_src: UNSPECIFIED6 }), "responder");
  yield to(200, { ...JOINED_STATE, ...icmp6(NS, { nd_sll: new Uint8Array(6) }) }, "copy");
  yield to(100, { ...JOINED_STATE, ...icmp6(NS) }, site.ndRewrite ? "responder" : "copy");
  yield to(100, { ...JOINED_STATE, ...arp({ arp_op: 1 }) }, "responder");
  yield to(100, { ...UPSTREAM, ...arp({ arp_op: 2 }) }, "copy");
}

/** Tables reply and advert: the question becomes its answer. RFC 826; RFC 4861 §4.4, flags R S O in the first three bits. */
export function* replyFlows(site: Site, cookie: bigint): Generator<Flow> {
  const back: Action = { type: "output", port: 0xfffffff8 };
  yield flow(cookie, "reply", 10, { eth_type: ARP }, [
    set("arp_op", 2), move("arp_spa", "reg2"), move("arp_tpa", "arp_spa"), move("reg2", "arp_tpa"), move("arp_sha", "arp_tha"), move("eth_src", "arp_sha"), back,
  ]);
  // RFC 4862 §5.4.4: to all nodes, not solicited, whatever its flags. The asker's frame has no option that could carry the link-layer address; it needs none.
  const allNodes = Uint8Array.of(0xff, 2, ...new Uint8Array(13), 1);
  yield flow(cookie, "reply", 20, icmp6(NS, { ipv6_src: UNSPECIFIED6 }), [
    { type: "set-field", field: "ipv6_dst", value: allNodes }, move("nd_target", "ipv6_src"), set("icmpv6_type", NA), ...(site.ndRewrite ? [set("nd_reserved", 0x20000000)] : []), back,
  ]);
  if (!site.ndRewrite) return;
  yield flow(cookie, "reply", 10, icmp6(NS), [
    move("ipv6_src", "ipv6_dst"), move("nd_target", "ipv6_src"), set("nd_options_type", 2), set("icmpv6_type", NA), set("nd_reserved", 0x60000000),
  ], { goto: "advert" });
  // Of its own table, because only a flow that matches an advertisement may write its target's link-layer address.
  yield flow(cookie, "advert", 10, icmp6(NA), [move("eth_src", "nd_tll"), back]);
}

function move(source: string, destination: string): Action {
  return { type: "move", source: { field: source }, destination: { field: destination } };
}

function set(field: string, value: number): Action {
  return { type: "set-field", field, value };
}
