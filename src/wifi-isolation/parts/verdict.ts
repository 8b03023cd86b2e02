// SPDX-License-Identifier: Apache-2.0
// Verdicts of single flows, just above the "ask" that they answer and below every rule before it. They vanish with their traffic.
import type { Flow, Match } from "node-openvswitch/openflow";
import { parseAddress } from "../bytes.ts";
import { VERDICT, type Clause } from "../clauses.ts";
import { holdsDevice, type FlowEnd, type Identity } from "../ends.ts";
import { BIT } from "../groups.ts";
import type { FlowVerdict } from "../network.ts";
import { flow } from "../pipeline.ts";
import { bitMatch, DESTINATION, SOURCE } from "../registers.ts";
import type { View } from "../view.ts";
import { connectionDestination, NO_ACTIONS } from "./match.ts";

const SEND_FLOW_REMOVED = 1;
const FORWARD = { value: 0x20, mask: 0x38 };
const REPLY = { value: 0x28, mask: 0x38 };

/** Identifies a verdict: the flow that it is about. */
export function verdictKey({ device, address, protocol, port }: FlowVerdict): string {
  return `${device}>${address}/${protocol}/${port ?? ""}`;
}

/** Nothing when no rule asks about the flow (any more). */
export function* verdictFlows(view: View, verdict: FlowVerdict, cookie: bigint): Generator<Flow> {
  const device = view.device(verdict.device);
  if (!device) return;
  const identify = (mac: string): Identity => ({ mac, groups: view.program.groupsOf(mac) });
  const peer = view.deviceAt(verdict.address);
  const upstream = view.site.topology.gateways.includes(verdict.address) ? BIT.gateway : BIT.internet;
  const holdsPeer = (end: FlowEnd): boolean => (peer ? holdsDevice(end, identify(peer.mac)) : "bit" in end && end.bit === upstream);
  const asking = askingClause(view.program.clauses.values(), (clause) => holdsDevice(clause.from, identify(device.mac)) && holdsPeer(clause.to));
  if (!asking) return;
  const options = { idleTimeout: verdict.idleTimeout, flags: SEND_FLOW_REMOVED, ...(verdict.verdict === "allow" ? { goto: "deliver" as const } : {}) };
  const what: Match = { ...connectionDestination(parseAddress(verdict.address)), ct_nw_proto: verdict.protocol, ...(verdict.port === undefined ? {} : { ct_tp_dst: verdict.port }) };
  const priority = asking.priority + VERDICT;
  yield flow(cookie, "policy", priority, { [SOURCE]: device.id, ...end("destinationGroups", peer?.id, upstream), ...what, ct_state: FORWARD }, NO_ACTIONS, options);
  yield flow(cookie, "policy", priority, { [DESTINATION]: device.id, ...end("sourceGroups", peer?.id, upstream), ...what, ct_state: REPLY }, NO_ACTIONS, options);
}

function end(register: "sourceGroups" | "destinationGroups", peer: number | undefined, upstream: number): Match {
  if (peer !== undefined) return { [register === "sourceGroups" ? SOURCE : DESTINATION]: peer };
  const [field, value] = bitMatch(register, upstream);
  return { [field]: value };
}

function askingClause(clauses: Iterable<Clause>, covers: (clause: Clause) => boolean): Clause | undefined {
  let first: Clause | undefined;
  for (const clause of clauses) {
    if (clause.rest?.verdict === "ask" && (!first || clause.priority > first.priority) && covers(clause)) first = clause;
  }
  return first;
}
