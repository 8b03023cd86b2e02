// SPDX-License-Identifier: Apache-2.0
/*
 * npm run build               build/quickjs-ts, which runs a bundle, and build/securebox, the gateway for the access point
 * npm run build -- runner     the first alone
 */
import { buildEmbedded } from "./compile/gateway.ts";
import { buildRunner } from "./compile/runtime.ts";

const root = process.cwd();
process.stdout.write(`${await buildRunner(root)}\n`);
if (process.argv[2] !== "runner") {
  const sizes = await buildEmbedded(root, "src/gateway/main.ts", `${root}/build/securebox`);
  process.stdout.write(`${root}/build/securebox ${JSON.stringify(sizes)}\n`);
}
