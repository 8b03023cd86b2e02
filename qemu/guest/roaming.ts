// SPDX-License-Identifier: Apache-2.0
// A station that moves between two access points while it talks, and how long it is not heard each time.
import type { Millis } from "quickjs-ts";
import { platform } from "quickjs-ts/platform";
import { sleep } from "./command.ts";
import { measure, record } from "./report.ts";
import type { Station } from "./station.ts";
import { Stream } from "./traffic.ts";

export interface Roaming {
  /** The longest silence of each handover. */
  gaps: Millis[];
  lost: number;
  sent: number;
}

/** One handover a second between two BSSes while the station talks to the address `to`, with `pace` milliseconds between echo requests. */
export async function roam(station: Station, [one, other]: readonly [string, string], to: string, count: number, pace: Millis): Promise<Roaming> {
  const stream = new Stream(station.name, to, pace);
  await sleep(500);
  let at = await station.bssid();
  const handovers: [start: number, end: number][] = [];
  for (let i = 0; i < count; i++) {
    const [start, next] = [platform.time.date(), platform.time.now() + 1000];
    at = at === one ? other : one;
    await station.roam(at);
    await sleep(Math.max(0, next - platform.time.now()));
    handovers.push([start, platform.time.date()]);
  }
  await sleep(1500);
  const gaps = handovers.map(([start, end]) => stream.silence(start, end));
  const { lost, sent } = await stream.stop();
  return { gaps, lost, sent };
}

/** Also a record of every gap, for the table of docs/qemu.md. */
export function measureRoaming(what: string, gaps: readonly Millis[]): void {
  record({ roaming: what, gaps });
  measure(`roaming ${what} gap median ms`, [...gaps].sort((a, b) => a - b)[Math.floor(gaps.length / 2)]!);
  measure(`roaming ${what} gap longest ms`, Math.max(...gaps));
}
