// SPDX-License-Identifier: Apache-2.0
// Calls an object again and again and prints, as JSON, how long that took and what it needed. Arguments: the daemon's socket, how many calls, how many under way at once.
import { platform } from "quickjs-ts/platform";
import { UbusClient } from "ubus-ts";

export interface Called {
  ms: number;
  /** Resident, MB: connected and idle; at most, at the end. */
  idle: number;
  peak: number;
}

const [path, count, window] = platform.processes.arguments as [string, string, string];
const bus = new UbusClient(platform, { path });
let left = Number(count);

async function work(): Promise<void> {
  while (left-- > 0) await bus.call("bench", "echo", { mac: "02:00:00:00:00:01", signal: -60 });
}

async function run(): Promise<void> {
  await bus.call("bench", "echo", { mac: "", signal: 0 });
  platform.processes.trimMemory();
  const idle = platform.processes.memory().resident / 1e6;
  const start = platform.time.now();
  await Promise.all(Array.from({ length: Number(window) }, work));
  platform.processes.stdout(`${JSON.stringify({ ms: platform.time.now() - start, idle, peak: platform.processes.memory().peak / 1e6 } satisfies Called)}\n`);
  bus.close();
}

void run();
