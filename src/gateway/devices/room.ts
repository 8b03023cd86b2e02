// SPDX-License-Identifier: Apache-2.0
import type { Millis } from "quickjs-ts";
import type { Entry } from "./entry.ts";

/** One port's devices that nothing is known of may fill only this part of the table, so that a flood there keeps nobody else out. */
const SHARE = 4;

/**
 * Who leaves so that one more device of `port` fits: nobody (undefined) while there is room; of those not known the one idle longest, from the
 * same port when that has its share; "full" when only known and associated ones are left.
 */
export function roomFor(port: string, entries: Iterable<Entry>, limit: number, isKnown: (entry: Entry) => boolean, now: Millis): Entry | "full" | undefined {
  let [size, ofPort] = [0, 0];
  let [oldest, oldestOfPort]: (Entry | undefined)[] = [];
  for (const entry of entries) {
    size++;
    if (isKnown(entry)) continue;
    if (entry.port === port) ofPort++;
    if (entry.associated || now <= entry.seen) continue;
    if (!oldest || entry.seen < oldest.seen) oldest = entry;
    if (entry.port === port && (!oldestOfPort || entry.seen < oldestOfPort.seen)) oldestOfPort = entry;
  }
  if (ofPort >= Math.max(1, Math.floor(limit / SHARE))) return oldestOfPort ?? "full";
  return size < limit ? undefined : (oldest ?? "full");
}
