// SPDX-License-Identifier: Apache-2.0
// The access point's executable: the runtime with the gateway's bytecode inside, and its source map beside it.
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { deflateRawSync } from "node:zlib";
import { bundle } from "../bundle.mjs";
import { execute } from "./execute.ts";
import { buildExecutable, buildRunner } from "./runtime.ts";
import { host, type Target } from "./target.ts";
import { thinSourceMap } from "./source-map.ts";

/** A module of the program: an output of the bundler. `lines` come before its own when all are counted as one text, as the source map does. */
export interface Chunk { name: string; script: string; lines: number }

/** Bytes. `mqtt`: of the module that holds MQTT.js, compressed; only a gateway with a backend loads it. */
export interface EmbeddedSizes { file: number; bytecode: number; compressed: number; bundle: number; map: number; mqtt: number }

/** Assembler that puts compressed modules into the executable; packages/quickjs-ts/native/main.c reads the table. */
function embedding(modules: readonly { name: string; file: string; size: number }[]): string {
  return `
.section .rodata.modules,"a"
.balign 4
.globl embedded_count
embedded_count: .long ${modules.length}
.globl embedded_entries
embedded_entries: .long ${ENTRIES.length}
.globl embedded_modules
embedded_modules:
${modules.map(({ size }, i) => `.long name${i} - embedded_modules, data${i} - embedded_modules, end${i} - data${i}, ${size}`).join("\n")}
${modules.map(({ name, file }, i) => `name${i}: .asciz ${JSON.stringify(name)}\ndata${i}: .incbin ${JSON.stringify(file)}\nend${i}:`).join("\n")}
.section .note.GNU-stack,"",%progbits
`;
}

/** Evaluated in this order: other modules expect the globals to be there as soon as they are evaluated. */
export const ENTRIES = ["globals.js", "main.js"];
const GLOBALS = "packages/quickjs-ts/src/quickjs/globals.ts";

/** Bundles into the entries, what they share, and what they import when they need it. The entries come first. */
export async function bundleChunks(root: string, entry: string, work: string): Promise<Chunk[]> {
  const options = { minify: true, sourcemap: "external" as const, sourcesContent: false, absWorkingDir: root, splitting: true, outdir: work, entryPoints: { globals: join(root, GLOBALS), main: join(root, entry) }, entryNames: "[name]", chunkNames: "[name]-[hash]" };
  const { metafile } = await bundle(join(root, entry), undefined, "quickjs", options);
  const names = Object.keys(metafile!.outputs).filter((path) => path.endsWith(".js")).map((path) => basename(path)).filter((name) => !ENTRIES.includes(name));
  return [...ENTRIES, ...names].map((name) => ({ name, script: join(work, name), lines: readFileSync(join(work, name), "utf8").trimEnd().split("\n").length }));
}

/** The source map takes all chunks as one text: the positions of each count on from the lines of those before it. */
export function countOn(chunks: readonly Chunk[]): void {
  let before = 0;
  for (const { script, lines } of chunks) {
    writeFileSync(script, "\n".repeat(before) + readFileSync(script, "utf8").trimEnd());
    before += lines;
  }
}

/** Compiles the chunk to bytecode, which is the same for every CPU, and compresses it. */
async function compileChunk(root: string, target: Target, { name, script }: Chunk): Promise<{ name: string; file: string; size: number }> {
  await execute(await buildRunner(root, "runner", { ...host, quickjs: target.quickjs, name: target.quickjs === host.quickjs ? "" : `compile-${basename(target.quickjs)}` }), ["--compile", script, `${script}.bin`, name]);
  writeFileSync(`${script}.deflate`, deflateRawSync(readFileSync(`${script}.bin`), { level: 9 }));
  return { name, file: `${script}.deflate`, size: statSync(`${script}.bin`).size };
}

/** Builds `entry` (TypeScript) into the executable `output` and its map `output.map`. Throws with what esbuild, the engine or the compiler said. */
export async function buildEmbedded(root: string, entry: string, output: string, target: Target = host): Promise<EmbeddedSizes> {
  const work = `${output}.${process.pid}.work`;
  mkdirSync(work, { recursive: true });
  try {
    const chunks = await bundleChunks(root, entry, work);
    const map = thinSourceMap(chunks.map(({ script, lines }) => ({ map: readFileSync(`${script}.map`, "utf8"), lines })), (source) => relative(root, join(work, source)));
    const sizeOf = (files: readonly string[]): number => files.reduce((sum, file) => sum + statSync(file).size, 0);
    const bundled = sizeOf(chunks.map(({ script }) => script));
    const modules: Awaited<ReturnType<typeof compileChunk>>[] = [];
    countOn(chunks);
    for (const chunk of chunks) modules.push(await compileChunk(root, target, chunk));
    const [assembler, file] = [join(work, "modules.S"), join(work, "executable")];
    writeFileSync(assembler, embedding(modules));
    await buildExecutable(root, "gateway", file, [assembler], target);
    writeFileSync(`${output}.map`, map);
    const sizes = { file: statSync(file).size, bytecode: modules.reduce((sum, { size }) => sum + size, 0), compressed: sizeOf(modules.map((module) => module.file)), bundle: bundled, map: Buffer.byteLength(map), mqtt: sizeOf(modules.filter(({ name }) => name.startsWith("connect-")).map((module) => module.file)) };
    renameSync(file, output);
    return sizes;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** `build/securebox`, the gateway's executable; for other targets in a folder of theirs. Returns its path and sizes. */
export async function buildGateway(root: string, target: Target = host): Promise<{ path: string; sizes: EmbeddedSizes }> {
  const path = join(root, "build", target.name, "securebox");
  return { path, sizes: await buildEmbedded(root, "src/gateway/main.ts", path, target) };
}
