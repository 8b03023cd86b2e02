// SPDX-License-Identifier: Apache-2.0
// Tables deliver, commit and output: the end of a packet that may pass.
import type { Action, Flow, Match } from "node-openvswitch/openflow";
import { IPV4, IPV6 } from "../bytes.ts";
import { openedMeter } from "../meters.ts";
import { flow, ZONE } from "../pipeline.ts";
import { HELD, OUT_PORT, SOURCE, STATE, stateMatch } from "../registers.ts";
import type { DeviceView } from "../view.ts";
import { hairpin } from "./fanout.ts";
import { NO_ACTIONS } from "./match.ts";

/** ct_state: +trk+new. */
const NEW: Match = { ct_state: { value: 0x21, mask: 0x21 } };
/** ct_mark of what is committed: until it is answered, the kernel calls each of its packets new. */
const COMMITTED = 1;

export function* deliverFlows(cookie: bigint): Generator<Flow> {
  yield flow(cookie, "deliver", 30, { ...NEW, ct_mark: COMMITTED }, NO_ACTIONS, { goto: "output" });
  yield flow(cookie, "deliver", 10, NEW, NO_ACTIONS, { goto: "commit" });
  yield flow(cookie, "deliver", 0, {}, NO_ACTIONS, { goto: "output" });
  const mark: Action = { type: "set-field", field: "ct_mark", value: COMMITTED };
  for (const eth_type of [IPV4, IPV6]) yield flow(cookie, "commit", 10, { eth_type }, [{ type: "ct", commit: true, zone: ZONE, actions: [mark] }], { goto: "output" });
  yield flow(cookie, "output", 0, {}, hairpin({ type: "output-field", source: { field: OUT_PORT, start: 0, bits: 16 } }));
}

/** All devices' connections are in one table: who opens them without end leaves room for others. What was held has passed a meter, and must not pass another (parts/group.ts). */
export function* openedDeviceFlows(device: DeviceView, cookie: bigint): Generator<Flow> {
  yield flow(cookie, "deliver", 20, { [SOURCE]: device.id, [STATE]: stateMatch(HELD, false), ...NEW }, NO_ACTIONS, { meter: openedMeter(device.id), goto: "commit" });
}
