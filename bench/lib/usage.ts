// SPDX-License-Identifier: Apache-2.0
// What the kernel says that a process uses, and the machine.
import { readFileSync } from "node:fs";

/** Clock ticks of /proc, per second: 100 on Linux, whatever its HZ. */
const TICKS = 100;
const millis = (ticks: number): number => (ticks * 1000) / TICKS;

export interface Usage {
  /** VmRSS and VmHWM, MB (10^6 bytes). */
  resident: number;
  peak: number;
  /** User and system time, milliseconds. */
  cpu: number;
}

export function usageOf(pid: number): Usage {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const value = (name: string): number => (Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)![1]) * 1024) / 1e6;
  // proc(5): the fields after the command's name, which is in parentheses; utime and stime are the 14th and 15th of all.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /s, "").split(" ");
  return { resident: value("VmRSS"), peak: value("VmHWM"), cpu: millis(Number(fields[11]) + Number(fields[12])) };
}

/** Milliseconds that all processors together were not idle (proc(5), /proc/stat: user, nice, system, then idle and iowait, then interrupts). */
export function busy(): number {
  const [user, nice, system, , , irq, softirq] = readFileSync("/proc/stat", "utf8").split("\n")[0]!.split(/\s+/).slice(1).map(Number) as [number, number, number, number, number, number, number];
  return millis(user + nice + system + irq + softirq);
}
