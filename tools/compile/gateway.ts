// SPDX-License-Identifier: Apache-2.0
// The access point's executable: the runtime with the gateway's bytecode inside, and its source map beside it.
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { deflateRawSync } from "node:zlib";
import type { Plugin } from "esbuild";
import { bundle, bundleOptions } from "../bundle.mjs";
import { execute } from "./execute.ts";
import { buildCompiler, buildExecutable } from "./runtime.ts";
import { host, type Target } from "./target.ts";
import { thinSourceMap } from "./source-map.ts";

/** A module of the program: an output of the bundler. `lines` come before its own when all are counted as one text, as the source map does. */
export interface Chunk { name: string; script: string; lines: number }

/** What is built: the module that is run, and those that `platform.processes.apart` takes, by their names in the executable. */
export interface Program {
  entry: string;
  apart?: Readonly<Record<string, string>>;
  /** For tests: a source file that is another than on disk: its path from the root, a text that is in it, and what stands there instead. */
  edited?: { file: string; text: string; instead: string };
}

export const GATEWAY: Program = { entry: "src/gateway/main.ts", apart: { "reading.js": "src/gateway/reading/module.ts" } };

/** A gateway whose pipeline has another version, as one from a later release may have: every flow of the other's is replaced when it takes over. For tests. */
export const NEXT_GATEWAY: Program = { ...GATEWAY, edited: { file: "src/wifi-isolation/cookie.ts", text: "const VERSION = 1;", instead: "const VERSION = 2;" } };

/** Bytes. `mqtt`: of the module that holds MQTT.js, compressed; only a gateway with a backend loads it. */
export interface EmbeddedSizes { file: number; bytecode: number; compressed: number; bundle: number; map: number; mqtt: number }

/** Evaluated in this order: other modules expect the globals to be there as soon as they are evaluated. */
export const ENTRIES = ["globals.js", "main.js"];
const GLOBALS = "packages/quickjs-ts/src/quickjs/globals.ts";

/** Bundles into the entries, what they share, and what they import when they need it; then what runs apart, which shares nothing. The entries come first. */
export async function bundleChunks(root: string, { entry, apart = {}, edited }: Program, work: string): Promise<Chunk[]> {
  const { conditions: usual = [], plugins = [] } = bundleOptions("quickjs");
  const conditions = [...usual, "embedded"];
  const common = { ...(edited && { plugins: [...plugins, editing(root, edited)] }), minify: true, sourcemap: "external" as const, sourcesContent: false, absWorkingDir: root, conditions };
  const options = { ...common, splitting: true, outdir: work, entryPoints: { globals: join(root, GLOBALS), main: join(root, entry) }, entryNames: "[name]", chunkNames: "[name]-[hash]" };
  const { metafile } = await bundle(join(root, entry), undefined, "quickjs", options);
  for (const [name, module] of Object.entries(apart)) await bundle(join(root, module), join(work, name), "quickjs", common);
  const names = Object.keys(metafile!.outputs).filter((path) => path.endsWith(".js")).map((path) => basename(path)).filter((name) => !ENTRIES.includes(name));
  return [...ENTRIES, ...names, ...Object.keys(apart)].map((name) => ({ name, script: join(work, name), lines: readFileSync(join(work, name), "utf8").trimEnd().split("\n").length }));
}

/** Throws (as a failed build) when the text is not in the file: the edit would be none. */
function editing(root: string, { file, text, instead }: NonNullable<Program["edited"]>): Plugin {
  const path = join(root, file);
  return {
    name: "edited",
    setup: (build) => build.onLoad({ filter: new RegExp(`/${basename(file).replaceAll(".", "\\.")}$`) }, (loaded) => {
      if (loaded.path !== path) return undefined;
      const source = readFileSync(path, "utf8");
      if (!source.includes(text)) throw new Error(`${file} has no "${text}"`);
      return { contents: source.replace(text, instead), loader: "ts" };
    }),
  };
}

/** The source map takes all chunks as one text: the positions of each count on from the lines of those before it. */
export function countOn(chunks: readonly Chunk[]): void {
  let before = 0;
  for (const { script, lines } of chunks) {
    writeFileSync(script, "\n".repeat(before) + readFileSync(script, "utf8").trimEnd());
    before += lines;
  }
}

/** Compiles the chunks to bytecode, which is the same for every CPU, and compresses it: a file each; and the assembler file that puts them into the executable. */
async function compileChunks(root: string, target: Target, chunks: readonly Chunk[], work: string): Promise<{ assembler: string; modules: { name: string; file: string; size: number }[] }> {
  await execute(await buildCompiler(root, target.quickjs), [work, `${ENTRIES.length}`, ...chunks.map(({ name }) => name)]);
  const modules = chunks.map(({ name, script }) => {
    const bytecode = readFileSync(`${script}.bin`);
    writeFileSync(`${script}.deflate`, deflateRawSync(bytecode, { level: 9 }));
    return { name, file: `${script}.deflate`, size: bytecode.length };
  });
  return { assembler: join(work, "modules.S"), modules };
}

/** Builds `program` (TypeScript) into the executable `output` and its map `output.map`. Throws with what esbuild, the engine or the compiler said. */
export async function buildEmbedded(root: string, program: Program, output: string, target: Target = host): Promise<EmbeddedSizes> {
  const work = `${output}.${process.pid}.work`;
  mkdirSync(work, { recursive: true });
  try {
    const chunks = await bundleChunks(root, program, work);
    const map = thinSourceMap(chunks.map(({ script, lines }) => ({ map: readFileSync(`${script}.map`, "utf8"), lines })), (source) => relative(root, join(work, source)));
    const sizeOf = (files: readonly string[]): number => files.reduce((sum, file) => sum + statSync(file).size, 0);
    const bundled = sizeOf(chunks.map(({ script }) => script));
    countOn(chunks);
    const { assembler, modules } = await compileChunks(root, target, chunks, work);
    const file = join(work, "executable");
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
  return { path, sizes: await buildEmbedded(root, GATEWAY, path, target) };
}

/** `build/next/securebox` likewise, of NEXT_GATEWAY. */
export async function buildNextGateway(root: string, target: Target = host): Promise<string> {
  const path = join(root, "build", target.name, "next/securebox");
  mkdirSync(dirname(path), { recursive: true });
  await buildEmbedded(root, NEXT_GATEWAY, path, target);
  return path;
}
