// SPDX-License-Identifier: Apache-2.0
/*
 * npm run build               build/quickjs-ts, which runs a bundle, and build/securebox, the gateway for the access point
 * npm run build -- runner     the first alone
 * npm run build -- --cpu mips [--mbedtls 2.28|3.6] [--quickjs DATE|FOLDER]    both for another CPU, in build/mips: mips, mipsel, arm, aarch64, x86-64
 * npm run build -- packages   dist/ in each of the packages, what npm publishes
 * npm run build -- openwrt    build/openwrt, a feed for OpenWrt's SDK: docs/openwrt.md
 * npm run build -- console    build/console, the pages that the backend serves
 */
import { parseArgs } from "node:util";
import { buildConsole } from "../backend/console/build.ts";
import { buildGateway } from "./compile/gateway.ts";
import { buildFeed } from "./compile/openwrt.ts";
import { buildPackages } from "./compile/packages.ts";
import { buildRunner } from "./compile/runtime.ts";
import { host, releasesOf, setupCpu, targetOf } from "./compile/target.ts";

const root = process.cwd();
const { values, positionals } = parseArgs({ options: { cpu: { type: "string" }, mbedtls: { type: "string" }, quickjs: { type: "string" } }, allowPositionals: true });
const part = positionals[0];
const target = values.cpu === undefined ? host : targetOf(values.cpu, releasesOf(values));
if (values.cpu !== undefined) await setupCpu(values.cpu);
if (part === "packages") process.stdout.write(`${(await buildPackages(root)).join("\n")}\n`);
else if (part === "openwrt") process.stdout.write(`${await buildFeed(root, `${root}/build/openwrt`)}\n`);
else if (part === "console") {
  const lines = (await buildConsole(`${root}/build/console`, root)).map(({ name, bytes, gzip }) => `build/console/${name} ${bytes} bytes, ${gzip} compressed`);
  process.stdout.write(`${lines.join("\n")}\n`);
} else {
  process.stdout.write(`${await buildRunner(root, "runner", target)}\n`);
  if (part !== "runner") {
    const { path, sizes } = await buildGateway(root, target);
    process.stdout.write(`${path} ${JSON.stringify(sizes)}\n`);
  }
}
