// SPDX-License-Identifier: Apache-2.0
// What the switch has against what it should have.
import type { Flow } from "node-openvswitch/openflow";
import { isLearnt } from "./cookie.ts";
import { Digest, FlowHasher, State, type Seed } from "./digest.ts";
import type { FlowChange } from "./flow-diff.ts";
import type { Switch } from "./switch.ts";

export interface Difference {
  added: number;
  modified: number;
  deleted: number;
  same: number;
  /** Iterates anew each time; deletes first. */
  changes: Iterable<FlowChange>;
}

/**
 * Streams the flows of the switch against `desired` (iterated three times: it must not change meanwhile). Flows that the switch has learnt for
 * us stay; everything else that is not desired is to be deleted, whoever wrote it. `seed`: two random 32-bit numbers.
 */
export async function observe(device: Pick<Switch, "flows">, desired: Iterable<Flow>, seed: Seed): Promise<Difference> {
  const digest = new Digest(desired, seed);
  const unwanted: FlowChange[] = [];
  const hasher = new FlowHasher(seed, (hashes, flow) => {
    if (!digest.observe(hashes)) unwanted.push({ command: "delete", flow: { ...flow, instructions: [] } });
  });
  await device.flows((flow) => { if (!isLearnt(flow.cookie)) hasher.add(flow); });
  hasher.flush();
  const count = { [State.missing]: 0, [State.same]: 0, [State.different]: 0 };
  for (let index = 0; index < digest.size; index++) count[digest.state(index) as 0 | 1 | 2]++;
  return {
    added: count[State.missing], modified: count[State.different], deleted: unwanted.length, same: count[State.same],
    changes: { [Symbol.iterator]: () => changes(unwanted, desired, digest) },
  };
}

function* changes(unwanted: readonly FlowChange[], desired: Iterable<Flow>, digest: Digest): Generator<FlowChange> {
  yield* unwanted;
  let index = 0;
  for (const flow of desired) {
    const state = digest.state(index++);
    if (state === State.missing) yield { command: "add", flow };
    else if (state === State.different) yield { command: "modify", flow };
  }
  if (index !== digest.size) throw new Error("the desired flows changed while they were compared with the switch");
}
