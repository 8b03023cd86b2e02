// SPDX-License-Identifier: Apache-2.0
/*
 * OpenWrt's programs, where OPENWRT_PREFIX names a directory with them (docs/openwrt-tests.md says which and where). Without one of them a test runs with its
 * stand-in or with recorded results, and `npm run test:openwrt` says which are missing.
 */
import { accessSync, constants, existsSync } from "node:fs";
import { join } from "node:path";

export const prefix = process.env["OPENWRT_PREFIX"];
export const environment = { ...process.env, ...(prefix && { LD_LIBRARY_PATH: join(prefix, "lib") }) };

/** What a machine of OpenWrt's own needs (machine.ts). */
export const MACHINE = ["sbin/procd", "sbin/ubusd", "sbin/logd", "sbin/logread", "sbin/validate_data", "sbin/reload_config", "sbin/uci", "bin/ubus", "bin/jshn", "bin/jsonfilter",
  "lib/functions.sh", "lib/functions/procd.sh", "lib/config/uci.sh", "usr/share/libubox/jshn.sh", "etc/rc.common", "etc/inittab", "etc/init.d/log"];

export const missing = (paths: readonly string[], from = prefix): string[] => paths.filter((path) => from === undefined || !existsSync(join(from, path)));
export const hasMachine = prefix !== undefined && missing(MACHINE).length === 0;

/** Throws what is missing. */
export function program(path: string): string {
  if (!prefix) throw new Error(`OPENWRT_PREFIX is not set: no ${path}`);
  const full = join(prefix, path);
  accessSync(full, constants.X_OK);
  return full;
}
