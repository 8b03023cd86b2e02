// SPDX-License-Identifier: Apache-2.0
// Makes the switch do what the model says: all of it (start, reconnect, new topology) or one change.
import type { Seed } from "./digest.ts";
import { diffMeters } from "./meters.ts";
import type { Change, Model } from "./model.ts";
import { observe } from "./observe.ts";
import type { Switch } from "./switch.ts";

/** How many messages changed flows and meters. */
export interface Applied {
  added: number;
  modified: number;
  deleted: number;
  /** Flows that were right already (0 for a single change, which looks at no others). */
  same: number;
  meters: number;
}

/** Reads the switch and changes the difference in one bundle. The model must not be edited until this resolves. Rejects as the switch does; then repeat it. */
export async function synchronise(device: Switch, model: Model, seed: Seed): Promise<Applied> {
  const meters = diffMeters(await device.meters(), model.meters());
  const desired = { [Symbol.iterator]: () => model.flows() };
  const { added, modified, deleted, same, changes } = await observe(device, desired, seed);
  if (meters.before.length > 0) await device.changeMeters(meters.before);
  if (added + modified + deleted > 0) await device.bundle(changes);
  // Deleting a meter deletes its flows: they must be gone or changed first.
  if (meters.after.length > 0) await device.changeMeters(meters.after);
  return { added, modified, deleted, same, meters: meters.before.length + meters.after.length };
}

/** Puts one change of the model into force. After a rejection the switch may lack it: `synchronise`. */
export async function applyChange(device: Switch, change: Change): Promise<Applied> {
  const { metersBefore, flows, metersAfter } = change;
  if (metersBefore.length > 0) await device.changeMeters(metersBefore);
  if (flows.length > 0) await device.bundle(flows);
  if (metersAfter.length > 0) await device.changeMeters(metersAfter);
  const count = (command: string): number => flows.filter((entry) => entry.command === command).length;
  return { added: count("add"), modified: count("modify"), deleted: count("delete"), same: 0, meters: metersBefore.length + metersAfter.length };
}
