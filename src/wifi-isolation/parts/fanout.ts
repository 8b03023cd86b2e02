// SPDX-License-Identifier: Apache-2.0
// Tables fanout and copy: one unicast copy for each receiver. The receivers of a tree are its leaves, 16 to a node, so that a device that
// comes or goes changes one node of constant size, however many there are. reg2 holds the tree, reg1 the node, then the receiver.
import type { Action, Flow } from "node-openvswitch/openflow";
import { call, flow } from "../pipeline.ts";
import { DESTINATION, OUT_PORT, setRegister, SOURCE } from "../registers.ts";
import type { DeviceView } from "../view.ts";
import { receives, type Receivers, type Tree } from "../discovery-rules.ts";
import type { View } from "../view.ts";
import { NO_ACTIONS } from "./match.ts";

const WIDTH_BITS = 4;
const WIDTH = 1 << WIDTH_BITS;
/** Levels 0 (leaves) to 3: ids below 65,536. */
export const TOP_LEVEL = 3;

const CALL_NODE = call("fanout");
const CALL_COPY = call("copy");

/** Sends the packet to everybody whom the tree holds, but not back to its sender. Overwrites reg1, reg2, eth_dst and in_port. */
export function copies(tree: Tree): Action[] {
  return [setRegister(OUT_PORT, tree.id), setRegister(DESTINATION, node(TOP_LEVEL, 0)), CALL_NODE];
}

function node(level: number, index: number): number {
  return ((level + 1) << 24) | index;
}

/** The node that holds a device at a level. */
export function nodeIndex(level: number, id: number): number {
  return id >>> (WIDTH_BITS * (level + 1));
}

export function* fanoutFlows(view: View, tree: Tree, level: number, index: number, cookie: bigint): Generator<Flow> {
  const actions = level === 0 ? leafActions(view, tree, index) : branchActions(view, level, index);
  if (actions.length > 0) yield flow(cookie, "fanout", 10, { [OUT_PORT]: tree.id, [DESTINATION]: node(level, index) }, actions);
}

function leafActions(view: View, tree: Receivers, index: number): Action[] {
  const actions: Action[] = [];
  for (let id = index * WIDTH; id < (index + 1) * WIDTH; id++) {
    const device = view.device(id);
    if (device && receives(tree, { mac: device.mac, groups: view.program.groupsOf(device.mac) })) actions.push(setRegister(DESTINATION, id), CALL_COPY);
  }
  return actions;
}

/** Every node with devices below it, receivers or not: so a branch changes only when the first device of 16 comes or the last one goes. */
function branchActions(view: View, level: number, index: number): Action[] {
  const actions: Action[] = [];
  for (let child = index * WIDTH; child < (index + 1) * WIDTH; child++) {
    if (view.population(level - 1, child) > 0) actions.push(setRegister(DESTINATION, node(level - 1, child)), CALL_NODE);
  }
  return actions;
}

/** Table copy: a copy for one device. It keeps its group address in the IP header; the link-layer address is the device's own. */
export function* copyDeviceFlows(device: DeviceView, cookie: bigint): Generator<Flow> {
  yield flow(cookie, "copy", 20, { [SOURCE]: device.id, [DESTINATION]: device.id }, NO_ACTIONS);
  yield flow(cookie, "copy", 10, { [DESTINATION]: device.id }, [{ type: "set-field", field: "eth_dst", value: device.macBytes }, ...hairpin({ type: "output", port: device.port })]);
}

/** Open vSwitch drops what goes out where it came in, unless it came in nowhere. */
export function hairpin(output: Action): Action[] {
  return [{ type: "load", destination: { field: "in_port" }, value: 0n }, output];
}
