// SPDX-License-Identifier: Apache-2.0
// Tables deliver and output: the end of a packet that may pass.
import type { Flow } from "node-openvswitch/openflow";
import { IPV4, IPV6 } from "../bytes.ts";
import { flow, ZONE } from "../pipeline.ts";
import { OUT_PORT } from "../registers.ts";
import { hairpin } from "./fanout.ts";
import { NO_ACTIONS } from "./match.ts";

/** ct_state: +trk+new. */
const NEW = { value: 0x21, mask: 0x21 };

export function* deliverFlows(cookie: bigint): Generator<Flow> {
  for (const eth_type of [IPV4, IPV6]) yield flow(cookie, "deliver", 20, { eth_type, ct_state: NEW }, [{ type: "ct", commit: true, zone: ZONE }], { goto: "output" });
  yield flow(cookie, "deliver", 0, {}, NO_ACTIONS, { goto: "output" });
  yield flow(cookie, "output", 0, {}, hairpin({ type: "output-field", source: { field: OUT_PORT, start: 0, bits: 16 } }));
}
