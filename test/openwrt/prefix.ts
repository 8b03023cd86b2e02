// SPDX-License-Identifier: Apache-2.0
/*
 * OpenWrt's programs, where OPENWRT_PREFIX names a directory with them (docs/openwrt-tests.md says which and where). A test that has a stand-in runs with it
 * otherwise; one that has none says so by a test of its own name, which holds the recorded results instead.
 */
import { accessSync, constants } from "node:fs";
import { join } from "node:path";

export const prefix = process.env["OPENWRT_PREFIX"];
export const environment = { ...process.env, ...(prefix && { LD_LIBRARY_PATH: join(prefix, "lib") }) };

/** Throws what is missing: a prefix without one of the programs would be a silent skip. */
export function program(path: string): string {
  if (!prefix) throw new Error(`OPENWRT_PREFIX is not set: no ${path}`);
  const full = join(prefix, path);
  accessSync(full, constants.X_OK);
  return full;
}
