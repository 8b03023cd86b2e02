// SPDX-License-Identifier: Apache-2.0
// What the kernel says that a process uses, and the machine.
import { readdirSync, readFileSync } from "node:fs";

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
  return { resident: value("VmRSS"), peak: value("VmHWM"), cpu: statOf(pid).own };
}

/** proc(5): the fields after the command's name, which is in parentheses: ppid is the 4th of all, utime and stime the 14th and 15th, those of ended children the next two. */
function statOf(pid: number | string): { parent: number; own: number; ended: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /s, "").split(" ").map(Number);
  return { parent: fields[1]!, own: millis(fields[11]! + fields[12]!), ended: millis(fields[13]! + fields[14]!) };
}

/** Milliseconds of a process and its children, those that ended included. */
export function familyCpu(pid: number): number {
  const { own, ended } = statOf(pid);
  const children = readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map((child) => {
    try {
      const stat = statOf(child);
      return stat.parent === pid ? stat.own : 0;
    } catch {
      return 0; // gone meanwhile
    }
  });
  return children.reduce((sum, each) => sum + each, own + ended);
}

/** Milliseconds that all processors together were not idle (proc(5), /proc/stat: user, nice, system, then idle and iowait, then interrupts). */
export function busy(): number {
  const [user, nice, system, , , irq, softirq] = readFileSync("/proc/stat", "utf8").split("\n")[0]!.split(/\s+/).slice(1).map(Number) as [number, number, number, number, number, number, number];
  return millis(user + nice + system + irq + softirq);
}
