// SPDX-License-Identifier: Apache-2.0
/*
 * Resident memory of a program under qemu-user. The emulator's process holds two things: its own (translated code, tables, heap), and the program's
 * mappings, which it makes with mmap at the program's addresses plus a fixed base. With that base out of the way of everything else, the kernel's own count
 * (proc(5), smaps) of the pages above it is the program's: those it touched, as VmRSS counts them.
 * What belongs to no file (heap, stack, written data) is right to 2 %, compared on one CPU with and without emulator. Pages of files are too few: the program
 * gives its code back when it is idle (native/memory.c), and what was translated before is not read again.
 */
import { readFileSync } from "node:fs";
import { basename } from "node:path";

const BASE = 2 ** 40;
const SPAN = 2 ** 40;

/** Options of qemu-user that `guestUsage` relies on. */
export const guestOptions: readonly string[] = ["-B", `0x${BASE.toString(16)}`];

export interface GuestUsage {
  /** MB (10^6 bytes): all, and what belongs to no file. */
  resident: number;
  anonymous: number;
  /** The other pages, by the file's name. */
  files: Map<string, number>;
}

/** Of an emulated program, or of one of this machine with `base` 0. */
export function guestUsage(pid: number, base = BASE): GuestUsage {
  const usage = usageAbove(base, readFileSync(`/proc/${pid}/smaps`, "utf8"));
  if (usage.resident === 0) throw new Error(`process ${pid} has no pages above ${base}: did it start with ${guestOptions.join(" ")}?`);
  return usage;
}

/** Of the text of smaps: the mappings from `base` on; all of them if that is 0. */
export function usageAbove(base: number, smaps: string): GuestUsage {
  const usage: GuestUsage = { resident: 0, anonymous: 0, files: new Map() };
  for (const mapping of smaps.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)) {
    const start = parseInt(mapping, 16);
    if (base > 0 && (start < base || start >= base + SPAN)) continue;
    const value = (name: string): number => (Number(new RegExp(`^${name}: +(\\d+) kB`, "m").exec(mapping)?.[1] ?? NaN) * 1024) / 1e6;
    const file = /^\S+ \S+ \S+ \S+ \S+ +(\/.*)$/m.exec(mapping)?.[1];
    const [resident, anonymous] = [value("Rss"), value("Anonymous")];
    usage.resident += resident;
    usage.anonymous += anonymous;
    if (file) usage.files.set(basename(file), (usage.files.get(basename(file)) ?? 0) + resident - anonymous);
  }
  return usage;
}
