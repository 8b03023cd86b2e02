// SPDX-License-Identifier: Apache-2.0
import type { Flow } from "node-openvswitch/openflow";
import type { ConnectionTuple } from "./closed.ts";
import type { FlowChange } from "./flow-diff.ts";
import type { Meter, MeterChange } from "./meters.ts";

/** One bridge as this module needs it. The bridge is ours alone: what we did not write is removed. */
export interface Switch {
  /** Calls `each` for every flow of the bridge, and resolves after the last. Must not keep the flows. */
  flows(each: (flow: Flow) => void): Promise<void>;
  meters(): Promise<Meter[]>;
  /**
   * All or none, in the order given, in one atomic bundle; resolves when it is in force (after a barrier). May iterate more than once.
   * "add" and "modify" are OFPFC_ADD, "delete" is OFPFC_DELETE_STRICT. Rejects with nothing changed.
   */
  bundle(changes: Iterable<FlowChange>): Promise<void>;
  /** Meters cannot be in a bundle. Rejects when one is refused. */
  changeMeters(changes: readonly MeterChange[]): Promise<void>;
  /** Removes the entries of connections, without waiting for it. False: this switch cannot, and nothing was sent. */
  forget?(tuples: readonly ConnectionTuple[]): boolean;
}
