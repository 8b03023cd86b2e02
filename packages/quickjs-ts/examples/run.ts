// SPDX-License-Identifier: Apache-2.0
// Runs echo.ts on the engine named on the command line.
import { spawnSync } from "node:child_process";
import { bundle } from "../../../tools/bundle.mjs";
import { buildRunner } from "../../../tools/compile/runtime.ts";

const root = process.cwd();
const engine = process.argv[2] === "quickjs" ? "quickjs" : "node";
const outfile = `${root}/build/examples/echo-${engine}.mjs`;
await bundle(`${root}/packages/quickjs-ts/examples/echo.ts`, outfile, engine);
const program = engine === "node" ? process.execPath : await buildRunner(root);
process.exitCode = spawnSync(program, [outfile], { stdio: "inherit" }).status ?? 1;
