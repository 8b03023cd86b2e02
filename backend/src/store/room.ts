// SPDX-License-Identifier: Apache-2.0
/*
 * Room on the embedded database's disk. PGlite takes "no space left" well while it extends a table, but spins for ever, event loop and all, when its log
 * cannot have its next segment of 16 MiB. So writing ends before the disk does. Reading goes on: it writes next to nothing (hints that are logged).
 */
import { statfsSync } from "node:fs";
import { DatabaseError } from "./errors.ts";

/** Bytes that stay free: two segments of the log, the largest transaction, and what others write between our look and the end of it. */
export const RESERVE = 64 * 1024 * 1024;
const READING = /^\s*(SELECT|SHOW)\b/i;
const MEBIBYTE = 1024 * 1024;

export class DiskRoom {
  /** `free`: bytes that we may still write there. */
  constructor(private readonly directory: string, private readonly free: () => number = () => freeOf(directory)) {}

  /** Throws a DatabaseError 53100 (disk_full, transient) for what may write, when there is too little room for it. */
  admit(sql: string): void {
    if (READING.test(sql)) return;
    const problem = this.problem();
    if (problem !== undefined) throw new DatabaseError(`database: ${problem}`, "53100", true);
  }

  /** undefined: there is enough. */
  problem(): string | undefined {
    const free = this.free();
    if (free >= RESERVE) return undefined;
    return `the disk of ${this.directory} is full: ${Math.floor(free / MEBIBYTE)} MiB are left, and nothing is written below ${RESERVE / MEBIBYTE} MiB; make room, and it goes on by itself`;
  }
}

function freeOf(directory: string): number {
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize;
}
