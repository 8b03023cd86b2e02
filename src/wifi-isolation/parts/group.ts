// SPDX-License-Identifier: Apache-2.0
// Tables group, request, lease, said, discovery: frames to group addresses. Nothing here reaches a station but copies that a rule allows.
import type { Action, Flow, LearnSpec, Match } from "node-openvswitch/openflow";
import { IPV4, IPV6, macBytes, parseAddress, type EtherType } from "../bytes.ts";
import { PRIORITY } from "../clauses.ts";
import { learntCookie } from "../cookie.ts";
import { reachesGateway, type DiscoveryProtocol, type Entry, type Tree } from "../discovery-rules.ts";
import { BIT } from "../groups.ts";
import { answeredMeter, saidMeter } from "../meters.ts";
import { call, flow, TABLE } from "../pipeline.ts";
import type { Program } from "../program.ts";
import { ASKED, bitMatch, DESTINATION, HELD, OUT_PORT, setReason, setRegister, SOURCE, STATE, stateMatch } from "../registers.ts";
import { shortPort, type Site } from "../site.ts";
import type { DeviceView } from "../view.ts";
import { copies } from "./fanout.ts";
import { DHCP4_REQUEST, DHCP6_REQUEST, FORWARD, icmp6, ipDestination, NO_ACTIONS } from "./match.ts";
import { toUpstream } from "./ports.ts";

/** RFC 6762 §3; UPnP Device Architecture 2.0 §1.3 and annex A. */
const GROUPS: Record<DiscoveryProtocol, { port: number; addresses: string[] }> = {
  mdns: { port: 5353, addresses: ["224.0.0.251", "ff02::fb"] },
  ssdp: { port: 1900, addresses: ["239.255.255.250", "ff02::c", "ff05::c"] },
};
const PROTOCOLS = Object.keys(GROUPS) as DiscoveryProtocol[];
/**
 * Seconds in which a question may be answered by unicast, and flows for answers to one device at a time. More than the 10 s for which the datapath keeps a
 * question cached, as that is learnt from again only when its packets are counted (10 s was not seen to lose an answer on 3.1 and 2.15).
 */
const ASKED_SECONDS = 12;
const ASKED_LIMIT = 32;
/** A copy, for the name by which the device calls itself: behind the meter, and nothing waits for it. */
const TELL: Action = { type: "controller", maxLength: 0xffff, reason: 1 };
/** Router solicitation; MLD query reports and done (RFC 2710, RFC 3810): a switch upstream may need them to send groups here. */
const ICMP6_REQUESTS = [133, 131, 132, 143];

export function* groupFlows(site: Site, program: Program, cookie: bigint): Generator<Flow> {
  const upstream: Match = { [SOURCE]: 0 };
  const [gatewayField, gatewayBit] = bitMatch("sourceGroups", BIT.gateway);
  for (const protocol of PROTOCOLS) {
    const tree = program.gatewayDiscovery(protocol);
    for (const match of groupMatches(protocol)) {
      yield flow(cookie, "group", 50, match, NO_ACTIONS, { goto: "said" });
      if (tree) yield flow(cookie, "group", 110, { ...upstream, [gatewayField]: gatewayBit, ...match }, [...toUpstream(site), ...copies(tree)]);
    }
  }
  yield flow(cookie, "group", 100, upstream, NO_ACTIONS, { goto: "uplink" });
  const request = (match: Match): Flow => flow(cookie, "group", 50, match, NO_ACTIONS, { goto: "request" });
  const toServers: Match = { ...DHCP4_REQUEST, ...ipDestination(parseAddress("255.255.255.255")) };
  yield request(toServers);
  // Whom a request is for stands inside (chaddr), where no flow can look: held once, so that nobody asks in another's name.
  yield flow(cookie, "group", 60, { ...toServers, [STATE]: stateMatch(HELD, false) }, [setReason("dhcp")], { goto: "hold" });
  yield request({ ...DHCP6_REQUEST, ...ipDestination(parseAddress("ff02::1:2")) });
  for (const type of ICMP6_REQUESTS) yield request(icmp6(type));
  yield request({ eth_type: IPV4, nw_proto: 2 });
}

function groupMatches(protocol: DiscoveryProtocol): Match[] {
  const { port, addresses } = GROUPS[protocol];
  return addresses.map((text) => ({ ...ipDestination(parseAddress(text)), nw_proto: 17, udp_dst: port }));
}

/** What comes back from the gateway was metered when it was held, and must not be again: a packet that a meter drops while it is resumed takes ovs-vswitchd's userspace datapath down (it frees what it does not own). */
export function* requestFlows(cookie: bigint): Generator<Flow> {
  yield flow(cookie, "request", 20, { [STATE]: stateMatch(HELD) }, NO_ACTIONS, { goto: "uplink" });
  yield flow(cookie, "said", 20, { [STATE]: stateMatch(HELD) }, NO_ACTIONS, { goto: "discovery" });
}

/** Metered like what is held: the answers are held together with everybody else's. */
export function* requestDeviceFlows(device: DeviceView, cookie: bigint): Generator<Flow> {
  yield flow(cookie, "request", 10, { [SOURCE]: device.id }, NO_ACTIONS, { meter: device.id, goto: "uplink" });
}

/** Table lease: a DHCP answer (or an RA) to one station, whatever its IP addresses; the entry for packet-outs of the gateway, too. */
export function* leaseDeviceFlows(device: DeviceView, cookie: bigint): Generator<Flow> {
  yield flow(cookie, "lease", 10, { eth_dst: device.macBytes }, [setRegister(DESTINATION, device.id), setRegister(OUT_PORT, shortPort(device.port))], { goto: "output" });
}

export function* discoveryDeviceFlows(device: DeviceView, cookie: bigint): Generator<Flow> {
  // One frame becomes one for each receiver, and a question many answers: both are bounded, whoever asks.
  yield flow(cookie, "said", 10, { [SOURCE]: device.id }, NO_ACTIONS, { meter: saidMeter(device.id), goto: "discovery" });
  const answer: Match = { [DESTINATION]: device.id, [STATE]: { value: ASKED, mask: ASKED | HELD }, ct_state: FORWARD };
  yield flow(cookie, "policy", PRIORITY.asked + 1, answer, NO_ACTIONS, { meter: answeredMeter(device.id), goto: "output" });
  for (const protocol of PROTOCOLS) {
    const tree = device[protocol];
    const told = protocol === "mdns" ? [TELL] : [];
    if (!tree && told.length === 0) continue;
    for (const eth_type of [IPV4, IPV6] as EtherType[]) {
      const match: Match = { [SOURCE]: device.id, eth_type, nw_proto: 17, udp_dst: GROUPS[protocol].port };
      const passed = tree ? [...learnAnswers(device, tree.forward, protocol, eth_type), ...(reachesGateway(tree) ? [call("uplink")] : []), ...copies(tree)] : [];
      yield flow(cookie, "discovery", 10, match, [...told, ...passed]);
    }
  }
}

/** One learnt flow for each end that may answer (or may not: first come first, as the rules do). */
function learnAnswers(device: DeviceView, forward: readonly Entry[], protocol: DiscoveryProtocol, type: EtherType): Action[] {
  return forward.map(({ end, allow }, index) => {
    // By its address, not by its id: so the flow does not change when that device comes or goes.
    const answerer = "mac" in end ? immediate("eth_src", 0, 48, macBytes(end.mac)) : bitSpec(end.bit);
    const specs = [...questionSpecs(type), answerer];
    if (protocol === "mdns") specs.push(immediate("udp_src", 0, 16, Uint8Array.of(5353 >> 8, 5353 & 255)));
    if (allow) specs.push({ type: "load-immediate", destination: { field: STATE, start: Math.log2(ASKED), bits: 1 }, value: Uint8Array.of(1) });
    return { type: "learn" as const, table: TABLE.asked, priority: 1000 - index, hardTimeout: ASKED_SECONDS, cookie: learntCookie(device.id), limit: ASKED_LIMIT, specs };
  });
}

/** The answer's destination is the question's source: address and port. */
function questionSpecs(type: EtherType): LearnSpec[] {
  const copy = (destination: string, source: string, bits: number): LearnSpec =>
    ({ type: "match-field", destination: { field: destination, start: 0, bits }, source: { field: source, start: 0, bits } });
  return [
    immediate("eth_type", 0, 16, Uint8Array.of(type >> 8, type & 255)),
    immediate("nw_proto", 0, 8, Uint8Array.of(17)),
    type === IPV4 ? copy("ip_dst", "ip_src", 32) : copy("ipv6_dst", "ipv6_src", 128),
    copy("udp_dst", "udp_src", 16),
  ];
}

function bitSpec(bit: number): LearnSpec {
  const [field] = bitMatch("sourceGroups", bit);
  return immediate(field, bit & 31, 1, Uint8Array.of(1));
}

function immediate(field: string, start: number, bits: number, value: Uint8Array): LearnSpec {
  return { type: "match-immediate", destination: { field, start, bits }, value };
}
