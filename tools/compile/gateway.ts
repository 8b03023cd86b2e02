// SPDX-License-Identifier: Apache-2.0
// The access point's executable: the runtime with the gateway's bytecode inside, and its source map beside it.
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { deflateRawSync } from "node:zlib";
import { bundle } from "../bundle.mjs";
import { buildExecutable, buildRunner } from "./runtime.ts";
import { thinSourceMap } from "./source-map.ts";

const execute = promisify(execFile);

export interface EmbeddedSizes { file: number; bytecode: number; bundle: number; map: number }

/** Assembler that puts a compressed file into the executable. */
const embedding = (compressed: string, size: number): string => `
.section .rodata.bundle,"a"
.globl embedded_bundle
embedded_bundle: .incbin ${JSON.stringify(compressed)}
embedded_bundle_end:
.globl embedded_bundle_size
.balign 4
embedded_bundle_size: .long embedded_bundle_end - embedded_bundle
.globl embedded_bytecode_size
embedded_bytecode_size: .long ${size}
.section .note.GNU-stack,"",%progbits
`;

/** Builds `entry` (TypeScript) into the executable `output` and its map `output.map`. Throws with what esbuild, the engine or the compiler said. */
export async function buildEmbedded(root: string, entry: string, output: string): Promise<EmbeddedSizes> {
  const work = `${output}.${process.pid}.work`;
  mkdirSync(work, { recursive: true });
  try {
    const [script, bytecode, compressed, assembler] = ["bundle.js", "bundle.bin", "bundle.deflate", "bundle.S"].map((name) => join(work, name)) as [string, string, string, string];
    await bundle(join(root, entry), script, "quickjs", { minify: true, sourcemap: "external", sourcesContent: false, absWorkingDir: root });
    const map = thinSourceMap(readFileSync(`${script}.map`, "utf8"), (source) => relative(root, join(work, source)));
    await execute(await buildRunner(root), ["--compile", script, bytecode, "main"]);
    writeFileSync(compressed, deflateRawSync(readFileSync(bytecode), { level: 9 }));
    writeFileSync(assembler, embedding(compressed, statSync(bytecode).size));
    const file = join(work, "executable");
    await buildExecutable(root, "gateway", file, [assembler]);
    writeFileSync(`${output}.map`, map);
    const sizes = { file: statSync(file).size, bytecode: statSync(bytecode).size, bundle: statSync(script).size, map: Buffer.byteLength(map) };
    renameSync(file, output);
    return sizes;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** `build/securebox`, the gateway's executable. Returns its path and sizes. */
export async function buildGateway(root: string): Promise<{ path: string; sizes: EmbeddedSizes }> {
  const path = join(root, "build/securebox");
  return { path, sizes: await buildEmbedded(root, "src/gateway/main.ts", path) };
}
