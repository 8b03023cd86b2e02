// SPDX-License-Identifier: Apache-2.0
import type { Action } from "node-openvswitch/openflow";
import { macBytes } from "./bytes.ts";
import type { Mac } from "./network.ts";
import { call } from "./pipeline.ts";

/**
 * Actions of a packet-out that hands a frame (a DHCP answer) to one device and nobody else, whatever its IP addresses; also to one in quarantine.
 * `in_port` of the packet-out: the port the frame came from, or OFPP_CONTROLLER. Nothing happens while the device has no flows yet.
 */
export function deliverTo(mac: Mac): Action[] {
  return [{ type: "set-field", field: "eth_dst", value: macBytes(mac) }, call("lease")];
}
