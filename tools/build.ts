// SPDX-License-Identifier: Apache-2.0
/*
 * npm run build               build/quickjs-ts, which runs a bundle, and build/securebox, the gateway for the access point
 * npm run build -- runner     the first alone
 * npm run build -- packages   dist/ in each of the packages, what npm publishes
 * npm run build -- console    build/console, the pages that the backend serves
 */
import { buildConsole } from "../backend/console/build.ts";
import { buildGateway } from "./compile/gateway.ts";
import { buildPackages } from "./compile/packages.ts";
import { buildRunner } from "./compile/runtime.ts";

const root = process.cwd();
const part = process.argv[2];
if (part === "packages") process.stdout.write(`${(await buildPackages(root)).join("\n")}\n`);
else if (part === "console") {
  const lines = (await buildConsole(`${root}/build/console`, root)).map(({ name, bytes, gzip }) => `build/console/${name} ${bytes} bytes, ${gzip} compressed`);
  process.stdout.write(`${lines.join("\n")}\n`);
} else {
  process.stdout.write(`${await buildRunner(root)}\n`);
  if (part !== "runner") {
    const { path, sizes } = await buildGateway(root);
    process.stdout.write(`${path} ${JSON.stringify(sizes)}\n`);
  }
}
