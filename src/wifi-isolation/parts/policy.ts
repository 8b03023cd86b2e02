// SPDX-License-Identifier: Apache-2.0
// Table policy: what may pass. Every flow comes twice, for packets of the connection's direction (-rpl) and of its answers (+rpl), with the ends the
// other way round. Ports and prefixes are matched in the connection's own tuple (ct_nw_proto, ct_tp_dst, ct_nw_dst), which is the same for both
// directions, for later fragments and for ICMP errors about the connection, and needs no flow of its own for IPv6.
import type { ServiceTerm } from "@securebox/contract";
import type { Action, Flow, Match } from "node-openvswitch/openflow";
import { IPV4, IPV6, parseRange } from "../bytes.ts";
import { ALLOWED_TERM, DENIED_TERM, PRIORITY, type Clause, type Rest } from "../clauses.ts";
import { matchEnd, type FlowEnd } from "../ends.ts";
import { BIT } from "../groups.ts";
import type { Mac } from "../network.ts";
import { flow, type FlowOptions } from "../pipeline.ts";
import { isNamed, nameSets, type Program } from "../program.ts";
import { ASKED, bitMatch, DESTINATION, HELD, JOINED, setReason, SOURCE, STATE, stateMatch } from "../registers.ts";
import type { Site } from "../site.ts";
import { connectionDestination, DHCP4_REQUEST, DHCP6_REQUEST, FORWARD, icmp6, NA, NO_ACTIONS, STATE_MASK } from "./match.ts";
import { portMasks } from "./port-masks.ts";

type IdOf = (mac: Mac) => number | undefined;

const REPLY = { value: 0x28, mask: STATE_MASK };
/** Also related (0x04): ICMP errors about the connection. */
const RELATED_REPLY = { value: 0x2c, mask: STATE_MASK | 0x04 };
const INVALID = { value: 0x30, mask: 0x30 };
const PROTOCOL = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58 } as const;

const PASS: FlowOptions = { goto: "deliver" };
const DROP: FlowOptions = {};

export function* policyFlows(site: Site, cookie: bigint): Generator<Flow> {
  yield flow(cookie, "policy", PRIORITY.invalid, { ct_state: INVALID }, NO_ACTIONS);
  yield flow(cookie, "policy", PRIORITY.neighbour, { [STATE]: stateMatch(JOINED), ...icmp6(NA) }, NO_ACTIONS, { goto: "output" });
  // Not committed: each question is good for its own answers, not for a conversation. Answers that were not held are metered by the asker (parts/group.ts).
  yield flow(cookie, "policy", PRIORITY.asked, { [STATE]: stateMatch(ASKED), ct_state: FORWARD }, NO_ACTIONS, { goto: "output" });
  yield* infrastructure(site, cookie);
}

/** What every device needs: the gateway's echo, DHCP with the server itself, DNS at the network's resolvers. */
function* infrastructure(site: Site, cookie: bigint): Generator<Flow> {
  const device = { bit: BIT.all };
  const gateway = { bit: BIT.gateway };
  const none: IdOf = () => undefined;
  for (const protocol of [PROTOCOL.icmp, PROTOCOL.icmpv6]) yield* bothWays(cookie, PRIORITY.infrastructure, device, gateway, none, { ct_nw_proto: protocol }, PASS);
  for (const resolver of site.resolvers) {
    for (const protocol of [PROTOCOL.udp, PROTOCOL.tcp]) {
      yield* withUpstream(cookie, { ...connectionDestination(resolver), ct_nw_proto: protocol, ct_tp_dst: 53 });
    }
  }
  for (const request of [DHCP4_REQUEST, DHCP6_REQUEST]) {
    const [field, value] = bitMatch("sourceGroups", BIT.all);
    const toServer: Match = { [DESTINATION]: 0, [field]: value, ct_state: FORWARD, ...request };
    yield flow(cookie, "policy", PRIORITY.infrastructure, toServer, NO_ACTIONS, PASS);
    // A lease is renewed or released in whose name the packet says inside.
    if (request === DHCP4_REQUEST) yield flow(cookie, "policy", PRIORITY.dhcpHold, { ...toServer, [STATE]: stateMatch(HELD, false) }, [setReason("dhcp")], { goto: "hold" });
  }
}

/** Between any device and any host upstream. */
function* withUpstream(cookie: bigint, match: Match): Generator<Flow> {
  const [fromField, from] = bitMatch("sourceGroups", BIT.all);
  const [toField, to] = bitMatch("destinationGroups", BIT.all);
  yield flow(cookie, "policy", PRIORITY.infrastructure, { [DESTINATION]: 0, [fromField]: from, ct_state: FORWARD, ...match }, NO_ACTIONS, PASS);
  yield flow(cookie, "policy", PRIORITY.infrastructure, { [SOURCE]: 0, [toField]: to, ct_state: REPLY, ...match }, NO_ACTIONS, PASS);
}

/** Answers of the network's resolvers to an end with DNS names in its rules wait until the rules know the addresses. */
export function* dnsFlows(site: Site, end: FlowEnd, idOf: IdOf, cookie: bigint): Generator<Flow> {
  for (const resolver of site.resolvers) {
    const answer: Match = { [SOURCE]: 0, [STATE]: stateMatch(HELD, false), ct_state: REPLY, ct_tp_dst: 53, ...connectionDestination(resolver) };
    if (!matchEnd(answer, end, "destination", idOf)) return;
    // Over TCP every segment: the gateway reads a stream from its beginning.
    for (const ct_nw_proto of [PROTOCOL.udp, PROTOCOL.tcp]) yield flow(cookie, "policy", PRIORITY.dnsHold, { ...answer, ct_nw_proto }, [setReason("dns")], { goto: "hold" });
  }
}

export function* clauseFlows(clause: Clause, program: Program, idOf: IdOf, cookie: bigint): Generator<Flow> {
  const { priority, from, to, termVerdict, rest } = clause;
  const allow = termVerdict === "allow";
  const level = priority + (allow ? ALLOWED_TERM : DENIED_TERM);
  const seen = new Set<string>();
  for (const match of termMatches(clause, program)) {
    // Two terms may share a part of their port ranges.
    const key = JSON.stringify(match, (_, value: unknown) => (value instanceof Uint8Array ? value.join() : value));
    if (!seen.has(key)) yield* bothWays(cookie, level, from, to, idOf, match, allow ? PASS : DROP);
    seen.add(key);
  }
  yield* relatedToNames(clause, idOf, cookie, level);
  if (rest) yield* restFlows(rest, priority, from, to, idOf, cookie);
}

function* bothWays(cookie: bigint, priority: number, from: FlowEnd, to: FlowEnd, idOf: IdOf, match: Match, options: FlowOptions, actions: readonly Action[] = NO_ACTIONS): Generator<Flow> {
  yield* oneWay(cookie, priority, from, to, idOf, { ...match, ct_state: FORWARD }, options, actions);
  yield* oneWay(cookie, priority, to, from, idOf, { ...match, ct_state: REPLY }, options, actions);
}

function* oneWay(cookie: bigint, priority: number, source: FlowEnd, destination: FlowEnd, idOf: IdOf, match: Match, options: FlowOptions, actions: readonly Action[] = NO_ACTIONS): Generator<Flow> {
  if (matchEnd(match, source, "source", idOf) && matchEnd(match, destination, "destination", idOf)) yield flow(cookie, "policy", priority, match, actions, options);
}

/** What of the clause's packets its terms name, without ends and direction. Discovery is not unicast: see parts/group.ts. */
function* termMatches(clause: Clause, program: Program): Generator<Match> {
  for (const term of clause.terms) {
    if (term.kind === "all") yield {};
    if (term.kind === "traffic" && !isNamed(term)) yield* trafficMatches(term, term.prefix === undefined ? {} : connectionDestination(parseRange(term.prefix)));
  }
  for (const [patterns, term] of namedTerms(clause)) {
    const [field, value] = bitMatch("names", program.nameBit(patterns));
    yield* trafficMatches(term, { [field]: value });
  }
}

type Traffic = Extract<ServiceTerm, { kind: "traffic" }>;

function* trafficMatches({ protocol, ports }: Traffic, remote: Match): Generator<Match> {
  if (protocol === undefined && ports === undefined) return yield remote;
  for (const ct_nw_proto of protocolNumbers(protocol, remote["eth_type"])) {
    if (!ports) yield { ...remote, ct_nw_proto };
    else for (const ct_tp_dst of portMasks(ports.first, ports.last)) yield { ...remote, ct_nw_proto, ct_tp_dst };
  }
}

/** "icmp" is ICMP and ICMPv6; a port without protocol is TCP's and UDP's. */
function protocolNumbers(protocol: Traffic["protocol"], family: unknown): number[] {
  if (protocol === "tcp") return [PROTOCOL.tcp];
  if (protocol === "udp") return [PROTOCOL.udp];
  if (protocol === undefined) return [PROTOCOL.tcp, PROTOCOL.udp];
  return family === IPV4 ? [PROTOCOL.icmp] : family === IPV6 ? [PROTOCOL.icmpv6] : [PROTOCOL.icmp, PROTOCOL.icmpv6];
}

function namedTerms(clause: Clause): [patterns: string[], term: Traffic][] {
  const terms = new Map(clause.terms.filter(isNamed).map((term) => [`${term.protocol ?? ""}/${term.ports ? `${term.ports.first}-${term.ports.last}` : ""}`, term]));
  return [...nameSets(clause)].map(([service, patterns]) => [patterns, terms.get(service)!]);
}

/** ICMP errors about a connection to a named host come from any router on the way, which has no name. */
function* relatedToNames(clause: Clause, idOf: IdOf, cookie: bigint, priority: number): Generator<Flow> {
  if (clause.termVerdict === "deny") return;
  const seen = new Set<string>();
  for (const [, term] of namedTerms(clause)) {
    for (const match of trafficMatches(term, {})) {
      if (seen.has(JSON.stringify(match))) continue;
      seen.add(JSON.stringify(match));
      yield* oneWay(cookie, priority, clause.to, clause.from, idOf, { ...match, ct_state: RELATED_REPLY }, PASS);
    }
  }
}

function* restFlows(rest: Rest, priority: number, from: FlowEnd, to: FlowEnd, idOf: IdOf, cookie: bigint): Generator<Flow> {
  if (rest.verdict !== "ask") return yield* bothWays(cookie, priority, from, to, idOf, {}, rest.verdict === "allow" ? PASS : DROP);
  const fresh: Match = { [STATE]: stateMatch(HELD, false) };
  yield* oneWay(cookie, priority, from, to, idOf, { ...fresh, ct_state: FORWARD }, { goto: "hold" }, [setReason("flow")]);
  yield* oneWay(cookie, priority, to, from, idOf, { ...fresh, ct_state: REPLY }, { goto: "hold" }, [setReason("reply")]);
  // It came back and no verdict is in force.
  yield* bothWays(cookie, priority, from, to, idOf, { [STATE]: stateMatch(HELD) }, rest.fallback === "allow" ? PASS : DROP);
}
