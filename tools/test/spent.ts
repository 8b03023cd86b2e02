// SPDX-License-Identifier: Apache-2.0
// What a part of the tests takes of the computer: time, and memory of all its processes together.
import { readdirSync, readFileSync } from "node:fs";

const PAGE = 4096;
const LOOK = 500;

interface Process { parent: number; resident: number }

/** "PID (NAME) STATE PPID ...", where the name may have spaces; pages resident are the 24th word (proc(5)). */
function processOf(pid: string): Process | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const words = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { parent: Number(words[1]), resident: Number(words[21]) * PAGE };
  } catch {
    return undefined; // it has just ended
  }
}

/** Resident bytes of a process and all that it started, and these, and so on. What they share counts for each. */
export function residentBelow(top: number): number {
  const all = new Map(readdirSync("/proc").filter((name) => /^\d+$/.test(name)).flatMap((pid) => { const found = processOf(pid); return found ? [[Number(pid), found] as const] : []; }));
  const isBelow = (pid: number): boolean => pid === top || (all.has(pid) && isBelow(all.get(pid)!.parent));
  return [...all].reduce((sum, [pid, { resident }]) => (isBelow(pid) ? sum + resident : sum), 0);
}

/** Seconds and the most megabytes (10^6 bytes) that this process and those below it had while `work` ran. */
export async function spent(work: () => Promise<unknown>): Promise<{ seconds: number; megabytes: number }> {
  const start = performance.now();
  let peak = 0;
  const look = setInterval(() => { peak = Math.max(peak, residentBelow(process.pid)); }, LOOK);
  try {
    await work();
  } finally {
    clearInterval(look);
  }
  return { seconds: Math.round((performance.now() - start) / 1000), megabytes: Math.round(peak / 1e6) };
}
