// SPDX-License-Identifier: Apache-2.0
// One place that knows how this project bundles TypeScript: which conditions select an engine's platform.
import { build } from "esbuild";

/**
 * Its build for Node is CommonJS that requires Node's modules, which an ES module bundle cannot; this one is the same for both engines.
 * Relative to the working directory, the repository's root: tools that bundle are bundled themselves, so import.meta.url is no place to start from.
 */
const yaml = "./node_modules/yaml/browser/index.js";

/** npm packages that Node loads from node_modules: they bring files of their own (WebAssembly, workers) or are CommonJS. Never part of src/ or packages/. */
const external = [
  "esbuild", "playwright-core", "aedes", "mqtt", "@electric-sql/pglite", "pg", "fastify", "@fastify/*", "@peculiar/x509", "reflect-metadata", "prom-client", "@seriousme/*",
];

/** Options shared by every bundle. `engine` is "node" or "quickjs"; it selects `quickjs-ts/platform`. */
export function bundleOptions(engine) {
  return {
    bundle: true,
    format: "esm",
    target: "es2023",
    platform: engine === "node" ? "node" : "neutral",
    mainFields: ["module", "main"],
    conditions: ["source", engine, "import", "module"],
    external: engine === "node" ? external : ["securebox:*"],
    alias: { yaml },
    sourcemap: "linked",
    logLevel: "warning",
  };
}

/** Bundles `entry` into `outfile` for `engine`; returns esbuild's result (with its metafile). */
export function bundle(entry, outfile, engine, more = {}) {
  return build({ ...bundleOptions(engine), entryPoints: [entry], outfile, metafile: true, ...more });
}
