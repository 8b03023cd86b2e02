// SPDX-License-Identifier: Apache-2.0
// What is added to the tables where an access point only isolates: stations are told one virtual MAC for each other, and every frame from one to
// another leaves the switch with that as its source, so that no bridge on the way re-learns a station where it is not. At all ports of such
// a network, so that what a station knows of its neighbours stays true when it roams.
import type { Action, Flow, Match } from "node-openvswitch/openflow";
import { BIT } from "../groups.ts";
import { hairpin } from "../parts/fanout.ts";
import { arp, GROUP_ADDRESS, icmp6, ipDestination, NA, NO_ACTIONS, NS } from "../parts/match.ts";
import { flow } from "../pipeline.ts";
import { bitMatch, DESTINATION, JOINED, OUT_PORT, setReason, SOURCE, STATE, stateMatch } from "../registers.ts";
import type { Site } from "../site.ts";
import type { DeviceView } from "../view.ts";

const [ALL_FIELD, ALL_BIT] = bitMatch("sourceGroups", BIT.all);
const FROM_DEVICE: Match = { [ALL_FIELD]: ALL_BIT };
const NO_MAC = new Uint8Array(6);

export function* thinEdgeFlows({ virtualMac, ndRewrite }: Site, cookie: bigint): Generator<Flow> {
  if (!virtualMac) return;
  // The answer to a probe is for the gateway alone: it asked whether the station is still there.
  yield flow(cookie, "binding", 410, arp({ arp_op: 2, arp_tpa: 0 }), [setReason("alive")], { goto: "hold" });
  yield flow(cookie, "destination", 450, { [SOURCE]: 0, eth_dst: virtualMac.bytes }, NO_ACTIONS, { goto: "uplink" });
  if (virtualMac.made) yield flow(cookie, "destination", 350, { eth_dst: virtualMac.bytes }, NO_ACTIONS);
  yield* (ndRewrite ? advertisedFlows : solicitedFlows)(cookie);
}

/** Where the switch answers every solicitation itself. */
function* advertisedFlows(cookie: bigint): Generator<Flow> {
  // A unicast probe has no option to be turned round; its answer needs none (RFC 4861 §7.2.4), and the target's own would tell its MAC.
  yield flow(cookie, "answer", 250, { [STATE]: stateMatch(JOINED), ...icmp6(NS, { nd_sll: NO_MAC }) }, NO_ACTIONS, { goto: "responder" });
  yield flow(cookie, "reply", 15, icmp6(NS, { nd_sll: NO_MAC }), [
    move("ipv6_src", "ipv6_dst"), move("nd_target", "ipv6_src"), { type: "set-field", field: "icmpv6_type", value: NA },
    { type: "set-field", field: "nd_reserved", value: 0x60000000 }, { type: "output", port: 0xfffffff8 },
  ]);
  // Its own link-layer address is inside.
  yield flow(cookie, "destination", 480, { ...FROM_DEVICE, ...icmp6(NA) }, NO_ACTIONS, { goto: "uplink" });
}

/**
 * Where it cannot (the kernel's datapath), the gateway answers the first question of a station for another. Unicast probes go to their target, which answers itself: what stations
 * know of each other lasts while no gateway runs. So do questions of the router.
 */
function* solicitedFlows(cookie: bigint): Generator<Flow> {
  const asked: Match = { [STATE]: stateMatch(JOINED), eth_dst: GROUP_ADDRESS, ...icmp6(NS) };
  yield flow(cookie, "answer", 260, { ...asked, [SOURCE]: 0 }, NO_ACTIONS, { goto: "copy" });
  yield flow(cookie, "answer", 250, asked, [setReason("solicited")], { goto: "hold" });
}

/** `found`: the device's registers, as for its own MAC. */
export function* thinDestinationFlows({ virtualMac }: Site, device: DeviceView, found: readonly Action[], cookie: bigint): Generator<Flow> {
  if (!virtualMac) return;
  for (const address of device.addresses) yield flow(cookie, "destination", 400, { eth_dst: virtualMac.bytes, ...ipDestination(address) }, found, { goto: "names" });
}

/** Answers about the device, copies for it and packets to it, where another device asked or sent. */
export function* thinDeviceFlows({ virtualMac, ndRewrite }: Site, device: DeviceView, cookie: bigint): Generator<Flow> {
  if (!virtualMac) return;
  const toDevice: Match = { [DESTINATION]: device.id, ...FROM_DEVICE };
  const fromVirtual = setMac("eth_src", virtualMac.bytes);
  const rewritten: Action[] = [fromVirtual, setMac("eth_dst", device.macBytes)];
  yield flow(cookie, "responder", 20, toDevice, [move("eth_src", "eth_dst"), fromVirtual], { goto: "reply" });
  const copy = [...rewritten, ...hairpin({ type: "output", port: device.port })];
  const output = [...rewritten, ...hairpin({ type: "output-field", source: { field: OUT_PORT, start: 0, bits: 16 } })];
  yield flow(cookie, "copy", 15, toDevice, copy);
  yield flow(cookie, "output", 10, toDevice, output);
  if (ndRewrite) return;
  // A probe and its answer: the MAC inside is the virtual one, too. Without the option (priority 17) there is none.
  yield flow(cookie, "copy", 17, { ...toDevice, ...icmp6(NS, { nd_sll: NO_MAC }) }, copy);
  yield flow(cookie, "copy", 16, { ...toDevice, ...icmp6(NS) }, [setMac("nd_sll", virtualMac.bytes), ...copy]);
  yield flow(cookie, "output", 17, { ...toDevice, ...icmp6(NA, { nd_tll: NO_MAC }) }, output);
  yield flow(cookie, "output", 16, { ...toDevice, ...icmp6(NA) }, [setMac("nd_tll", virtualMac.bytes), ...output]);
}

function setMac(field: string, value: Uint8Array): Action {
  return { type: "set-field", field, value };
}

function move(source: string, destination: string): Action {
  return { type: "move", source: { field: source }, destination: { field: destination } };
}
