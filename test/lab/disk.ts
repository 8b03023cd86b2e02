// SPDX-License-Identifier: Apache-2.0
// Small disks, and filling them to the last page.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { must } from "./command.ts";

/** Puts a file system of its own on a directory; `size` as tmpfs reads it, "1m". It goes with the lab. */
export async function smallDisk(directory: string, size: string): Promise<void> {
  await must(["mount", "-t", "tmpfs", "-o", `size=${size},mode=0700`, "securebox", directory]);
}

/** Takes all room that is left there; the result gives it back. Each file is smaller than the one before until not a page fits. */
export function fill(directory: string): () => void {
  const files: string[] = [];
  for (let size = 64 << 20; size >= 1024; ) {
    const file = join(directory, `fill${files.length}`);
    files.push(file);
    try {
      writeFileSync(file, Buffer.alloc(size));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
      rmSync(file, { force: true });
      files.pop();
      size /= 4;
    }
  }
  return () => files.forEach((file) => rmSync(file));
}
