// SPDX-License-Identifier: Apache-2.0
// Tables names and conntrack: the DNS rules that a remote address belongs to now, then the state of the connection.
import type { Flow, Match } from "node-openvswitch/openflow";
import { IPV4, IPV6, parseAddress } from "../bytes.ts";
import { BIT } from "../groups.ts";
import type { Ip } from "../network.ts";
import { call, flow, TABLE, ZONE } from "../pipeline.ts";
import { bitMatch, bitsOf, setBits } from "../registers.ts";
import type { View } from "../view.ts";
import { icmp6, ipDestination, ipSource, NA, NO_ACTIONS } from "./match.ts";

export function* nameFlows(view: View, address: Ip, cookie: bigint): Generator<Flow> {
  const bits = view.patternsOf(address).flatMap((pattern) => view.program.patternBits.get(pattern) ?? []);
  if (bits.length === 0) return;
  const actions = [setBits("names", bitsOf(bits))];
  const remote = parseAddress(address);
  const [toField, toInternet] = bitMatch("destinationGroups", BIT.internet);
  const [fromField, fromInternet] = bitMatch("sourceGroups", BIT.internet);
  yield flow(cookie, "names", 10, { [toField]: toInternet, ...ipDestination(remote) }, actions, { goto: "conntrack" });
  // Of a priority of its own: no packet goes from internet to internet here, but the flows should not need to know that.
  yield flow(cookie, "names", 9, { [fromField]: fromInternet, ...ipSource(remote) }, actions, { goto: "conntrack" });
}

export function* conntrackFlows(cookie: bigint): Generator<Flow> {
  yield flow(cookie, "names", 0, {}, NO_ACTIONS, { goto: "conntrack" });
  // Neighbour discovery is not tracked; it passes where a rule joins the two.
  yield flow(cookie, "conntrack", 50, icmp6(NA), [call("pair")], { goto: "policy" });
  const track = { type: "ct" as const, zone: ZONE, table: TABLE.policy };
  for (const eth_type of [IPV4, IPV6]) {
    yield flow(cookie, "conntrack", 20, { eth_type, nw_proto: 17 }, [call("asked"), track]);
    yield flow(cookie, "conntrack", 10, { eth_type } as Match, [track]);
  }
}
