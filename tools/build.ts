// SPDX-License-Identifier: Apache-2.0
/*
 * npm run build               build/quickjs-ts, which runs a bundle, and build/securebox, the gateway for the access point
 * npm run build -- runner     the first alone
 */
import { buildGateway } from "./compile/gateway.ts";
import { buildRunner } from "./compile/runtime.ts";

const root = process.cwd();
process.stdout.write(`${await buildRunner(root)}\n`);
if (process.argv[2] !== "runner") {
  const { path, sizes } = await buildGateway(root);
  process.stdout.write(`${path} ${JSON.stringify(sizes)}\n`);
}
