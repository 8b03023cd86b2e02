// SPDX-License-Identifier: Apache-2.0
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** Whether `output` is missing, or a file below one of `sources` is newer than it. */
export function newerThan(output: string, sources: readonly string[]): boolean {
  const built = statSync(output, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return built === 0 || sources.some((path) => newest(path) > built);
}

function newest(path: string): number {
  const status = statSync(path);
  if (!status.isDirectory()) return status.mtimeMs;
  return Math.max(status.mtimeMs, ...readdirSync(path).filter((name) => name !== "node_modules").map((name) => newest(join(path, name))));
}
