// SPDX-License-Identifier: Apache-2.0
// Bundles the console into static files: hashed names below assets/, and index.html, which alone is to be asked for anew each time.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { newerThan } from "../../tools/setup/newer.ts";
import { CONTENT } from "../src/api/http/headers.ts";

/** The checkout, given by tools/run.mjs: the command may be called from anywhere. */
declare const CHECKOUT: string | undefined;
const checkout = (): string => (typeof CHECKOUT === "string" ? CHECKOUT : process.cwd());

export interface BuiltFile { name: string; bytes: number; gzip: number }

const sourceOf = (root: string): string => join(root, "backend/console");
const outputOf = (root: string): string => join(root, "build/console");

/** The directory with the built console; builds it when it is missing or older than its sources. A packed backend has no sources, only the files. */
export async function consoleDirectory(root: string = checkout()): Promise<string> {
  const output = outputOf(root);
  const sources = [sourceOf(root), join(root, "packages/contract/src"), join(root, "backend/src/ports.ts"), join(root, "backend/src/api/http/headers.ts"), join(root, "package-lock.json")];
  if (existsSync(join(sourceOf(root), "src")) && newerThan(join(output, "index.html"), sources)) await buildConsole(output, root);
  if (!existsSync(join(output, "index.html"))) throw new Error(`the console is not built: ${output}/index.html is missing; run: npm run build -- console`);
  return output;
}

/** Bundles into `outdir`, which it replaces as a whole. Rejects with esbuild's message when a source is wrong. */
export async function buildConsole(outdir: string, root: string = checkout()): Promise<BuiltFile[]> {
  const draft = `${outdir}.${process.pid}`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(join(draft, "assets"), { recursive: true });
  try {
    const files = await bundleInto(draft, root);
    rmSync(outdir, { recursive: true, force: true });
    renameSync(draft, outdir);
    return files;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

async function bundleInto(draft: string, root: string): Promise<BuiltFile[]> {
  const { build } = await import("esbuild");
  const source = sourceOf(root);
  const { metafile } = await build({
    entryPoints: { console: join(source, "src/main.tsx"), style: join(source, "style.css"), icon: join(source, "icon.svg") },
    outdir: join(draft, "assets"), entryNames: "[name]-[hash]", chunkNames: "[name]-[hash]", assetNames: "[name]-[hash]", loader: { ".svg": "copy" },
    bundle: true, splitting: true, format: "esm", platform: "browser", target: ["es2022", "chrome123", "firefox121", "safari17.5"], conditions: ["source"],
    jsx: "automatic", jsxImportSource: "preact", minify: true, legalComments: "none", metafile: true, logLevel: "warning", absWorkingDir: root,
    define: { "process.env.NODE_ENV": '"production"' },
  });
  const names = Object.keys(metafile.outputs).map((path) => basename(path));
  const named = (start: string): string => names.find((name) => name.startsWith(`${start}-`))!;
  const page = readFileSync(join(source, "index.html"), "utf8")
    .replace("{{policy}}", CONTENT).replace("{{style}}", named("style")).replace("{{script}}", named("console")).replace("{{icon}}", named("icon"));
  writeFileSync(join(draft, "index.html"), page);
  return ["index.html", ...names.map((name) => `assets/${name}`)].map((name) => {
    const path = join(draft, name);
    return { name, bytes: statSync(path).size, gzip: gzipSync(readFileSync(path)).length };
  });
}
