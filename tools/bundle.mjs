// SPDX-License-Identifier: Apache-2.0
// One place that knows how this project bundles TypeScript: which conditions select an engine's platform.
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
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

/** What MQTT.js brings that the access point needs little of, and what does that little; see src/backend-link/mqtt/shims. */
const shims = "./src/backend-link/mqtt/shims";
const quickjsAliases = {
  buffer: "./node_modules/buffer/index.js", events: "./node_modules/events/events.js", bl: "./node_modules/bl/BufferList.js",
  "readable-stream": `${shims}/readable-stream.ts`, debug: `${shims}/debug.cjs`, "lru-cache": `${shims}/lru-cache.ts`, "worker-timers": `${shims}/worker-timers.ts`,
  "process-nextick-args": `${shims}/process-nextick-args.ts`,
};
/** MQTT.js reads its version from its package.json, which is larger than all that it needs of it. */
const ownVersion = {
  name: "mqtt-version",
  setup: (on) => on.onResolve({ filter: /package\.json$/ }, ({ importer }) => (/node_modules\/mqtt\//.test(importer) ? { path: resolve(`${shims}/package.ts`) } : undefined)),
};
/** Names that MQTT.js and its codec expect to be there. esbuild's `inject` would put them into every module of the executable, also where nobody needs them. */
const ownGlobals = {
  name: "mqtt-globals",
  setup: (on) => on.onLoad({ filter: /node_modules\/(mqtt|mqtt-packet|bl|rfdc)\/.*\.js$/ }, async ({ path }) => {
    const text = await readFile(path, "utf8");
    const names = ["Buffer", "process"].filter((name) => new RegExp(`\\b${name}\\b`).test(text) && !new RegExp(`(const|let|var) (\\{ ?)?${name}\\b`).test(text));
    return names.length === 0 ? undefined : { contents: `const { ${names.join(", ")} } = require(${JSON.stringify(resolve(`${shims}/globals.ts`))}); ${text}` };
  }),
};

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
    alias: engine === "node" ? { yaml } : { yaml, ...quickjsAliases },
    ...(engine === "node" ? {} : { plugins: [ownVersion, ownGlobals] }),
    sourcemap: "linked",
    logLevel: "warning",
  };
}

/** Bundles `entry` into `outfile` (or `more.outdir`) for `engine`; returns esbuild's result (with its metafile). */
export function bundle(entry, outfile, engine, more = {}) {
  return build({ ...bundleOptions(engine), entryPoints: [entry], ...(outfile ? { outfile } : {}), metafile: true, ...more });
}
