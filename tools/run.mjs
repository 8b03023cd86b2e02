// SPDX-License-Identifier: Apache-2.0
// Runs a TypeScript tool of this repository on Node: `node tools/run.mjs FILE.ts [ARGUMENT...]`.
// Installs the npm packages first when a fresh clone lacks them, so that the two commands need no step before them.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { basename, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = resolve(fileURLToPath(import.meta.url), "../..");
if (!existsSync(`${root}/node_modules/esbuild`)) {
  process.stderr.write("[setup] installing npm packages\n");
  const npm = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: root, stdio: ["ignore", 2, 2] });
  if (npm.status !== 0) process.exit(npm.status ?? 1);
}
const { bundle } = await import("./bundle.mjs");
const entry = process.argv[2];
if (!entry) {
  process.stderr.write("usage: node tools/run.mjs FILE.ts [ARGUMENT...]\n");
  process.exit(2);
}
const outfile = `${root}/build/tools/${basename(entry, ".ts")}-${process.pid}.mjs`;
await bundle(resolve(entry), outfile, "node", { packages: "bundle", sourcemap: "inline", absWorkingDir: root, define: { CHECKOUT: JSON.stringify(root) } });
process.setSourceMapsEnabled(true);
const { rmSync } = await import("node:fs");
process.on("exit", () => rmSync(outfile, { force: true }));
process.argv.splice(1, 2, resolve(entry));
await import(pathToFileURL(outfile).href);
