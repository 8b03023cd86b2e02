// SPDX-License-Identifier: Apache-2.0
/*
 * OPENWRT_PREFIX=DIR npm run test:openwrt     the tests that need OpenWrt's programs, with the real ones: DIR/sbin/ubusd, DIR/bin/ubus, DIR/bin/uci, libraries in DIR/lib
 *
 * The same files run in `npm test` against stand-ins. Without these programs this command says what is missing and fails; what else of docs/openwrt-tests.md is
 * missing is said, and has its stand-in.
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { join, resolve } from "node:path";
import { MACHINE, missing } from "../test/openwrt/prefix.ts";

/** Parts of the paths of the test files that ask for OPENWRT_PREFIX. */
const FILES = ["packages/ubus-ts/test/client/", "src/gateway/bus/test/", "test/openwrt/", "test/system/roaming", "test/system/ubus", "test/system/luci"];
const PROGRAMS: Record<string, string[]> = { "sbin/ubusd": ["-h"], "bin/ubus": [], "bin/uci": [] };

const given = process.env["OPENWRT_PREFIX"];
const prefix = resolve(given ?? "");

/** What keeps a program from being used; undefined: nothing. Each prints its usage when asked for nothing. */
function problem(program: string, args: string[]): string | undefined {
  const path = join(prefix, program);
  try {
    accessSync(path, constants.X_OK);
  } catch {
    return `${path} is missing or not executable`;
  }
  const { stdout, stderr, error } = spawnSync(path, args, { encoding: "utf8", timeout: 10_000, env: { ...process.env, LD_LIBRARY_PATH: join(prefix, "lib") } });
  return /usage/i.test(stdout + stderr) ? undefined : `${path} does not run: ${error?.message ?? (stderr.trim() || "no usage printed")}`;
}

const problems = given ? Object.entries(PROGRAMS).flatMap(([program, args]) => problem(program, args) ?? []) : ["OPENWRT_PREFIX is not set"];
if (problems.length > 0) {
  process.stderr.write(`${problems.join("\n")}\nexpected: OPENWRT_PREFIX=DIR with DIR/sbin/ubusd, DIR/bin/ubus and DIR/bin/uci of OpenWrt, built for this machine, their libraries in DIR/lib\n`);
  process.exit(1);
}
const lacking = missing([...MACHINE, "sbin/rpcd"], prefix);
if (lacking.length > 0) process.stdout.write(`${prefix} lacks ${lacking.join(", ")}: stand-ins for what needs them\n`);
const { status } = spawnSync(process.execPath, ["tools/run.mjs", "tools/test.ts", ...process.argv.slice(2), ...FILES], { stdio: "inherit", env: { ...process.env, OPENWRT_PREFIX: prefix } });
process.exit(status ?? 1);
