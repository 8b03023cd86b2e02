// SPDX-License-Identifier: Apache-2.0
import { run } from "../command.ts";

export interface Ping {
  address: string;
  /** Echo requests; default 1. */
  count?: number;
  /** Milliseconds between them; default 200. */
  interval?: number;
  /** Milliseconds to wait for the last answer; default 1,000. */
  wait?: number;
}

export interface PingResult {
  sent: number;
  received: number;
  /** Round-trip times in milliseconds. */
  times: number[];
}

export async function ping({ address, count = 1, interval = 200, wait = 1000 }: Ping): Promise<PingResult> {
  const argv = ["ping", "-n", "-c", `${count}`, "-i", `${interval / 1000}`, "-W", `${wait / 1000}`, address];
  const { stdout, stderr } = await run(argv, { deadline: count * interval + wait + 5000 });
  const totals = /(\d+) packets transmitted, (\d+) received/.exec(stdout);
  if (!totals) return { sent: 0, received: 0, times: [] }; // no route, or no address yet: nothing was sent, nothing arrived
  if (/unknown host|usage/i.test(stderr)) throw new Error(stderr.trim());
  return { sent: Number(totals[1]), received: Number(totals[2]), times: [...stdout.matchAll(/time=([\d.]+) ms/g)].map((m) => Number(m[1])) };
}
