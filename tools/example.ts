// SPDX-License-Identifier: Apache-2.0
// Runs a portable program on the engine named: `node tools/run.mjs tools/example.ts node|quickjs PROGRAM.ts [ARGUMENT...]`.
import { spawn } from "node:child_process";
import { basename } from "node:path";
import { bundle } from "./bundle.mjs";
import { buildRunner } from "./compile/runtime.ts";

const root = process.cwd();
const [engine, program, ...rest] = process.argv.slice(2);
if ((engine !== "node" && engine !== "quickjs") || !program) {
  process.stderr.write("usage: node tools/run.mjs tools/example.ts node|quickjs PROGRAM.ts [ARGUMENT...]\n");
  process.exit(2);
}
const outfile = `${root}/build/examples/${basename(program, ".ts")}-${engine}.mjs`;
await bundle(program, outfile, engine);
const child = spawn(engine === "node" ? process.execPath : await buildRunner(root), [outfile, ...rest], { stdio: "inherit" });
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void child.kill(signal));
child.on("exit", (code) => process.exit(code ?? 1));
