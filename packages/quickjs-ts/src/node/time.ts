// SPDX-License-Identifier: Apache-2.0
import type { Millis, Time, Timer, Timers } from "../ports/time.ts";

export const time: Time = { now: () => performance.now(), date: () => Date.now() };

interface Entry { due: Millis; run: () => void; interval: Millis }

/** What setTimeout takes at most; it also fires a fraction early and sorts by delay, so the order of due times is kept here. */
const longest = 0x7fff_ffff;
/** By due time; of equal ones the first made comes first. */
const entries: Entry[] = [];
let timeout: NodeJS.Timeout | undefined;
let immediate: NodeJS.Immediate | undefined;

function insert(entry: Entry): void {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (entries[middle]!.due <= entry.due) low = middle + 1;
    else high = middle;
  }
  entries.splice(low, 0, entry);
  arm();
}

function arm(): void {
  clearTimeout(timeout);
  clearImmediate(immediate);
  const first = entries[0];
  if (!first) return;
  const left = Math.ceil(first.due - time.now());
  if (left <= 0) immediate = setImmediate(fire);
  else timeout = setTimeout(fire, Math.min(left, longest));
}

/** One at a time: promise jobs run between callbacks. */
function fire(): void {
  const first = entries[0];
  if (first && first.due <= time.now()) {
    entries.shift();
    if (first.interval >= 0) insert(Object.assign(first, { due: Math.max(first.due + first.interval, time.now()) }));
    else arm();
    first.run();
  } else {
    arm();
  }
}

function start(delay: Millis, run: () => void, interval: Millis): Timer {
  const entry = { due: time.now() + Math.max(delay, 0), run, interval };
  insert(entry);
  return {
    cancel() {
      const at = entries.indexOf(entry);
      if (at < 0) return;
      entries.splice(at, 1);
      if (at === 0) arm();
    },
  };
}

export const timers: Timers = {
  after: (delay, run) => start(delay, run, -1),
  every: (interval, run) => start(Math.max(interval, 1), run, Math.max(interval, 1)),
};
