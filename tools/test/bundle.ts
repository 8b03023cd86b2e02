// SPDX-License-Identifier: Apache-2.0
import { build, type Plugin } from "esbuild";
import { join } from "node:path";
import { bundleOptions } from "../bundle.mjs";

export type Engine = "node" | "quickjs";

/** Test files import "uvu"; they get our counting wrapper, which alone sees the real one. */
function uvuWrapper(root: string): Plugin {
  const wrapper = join(root, "packages/quickjs-ts/src/uvu/uvu.ts");
  return {
    name: "uvu-wrapper",
    setup: (on) => on.onResolve({ filter: /^uvu$/ }, ({ importer }) => (importer === wrapper ? undefined : { path: wrapper })),
  };
}

/** Bundles one test file between uvu's shim and the finisher; returns the path of the bundle. */
export async function bundleTest(root: string, file: string, engine: Engine): Promise<string> {
  const uvu = join(root, "packages/quickjs-ts/src/uvu");
  const outfile = join(root, "build/test", engine, `${file}.mjs`);
  const contents = [`${uvu}/shim.ts`, join(root, file), `${uvu}/finish.ts`].map((path) => `import ${JSON.stringify(path)};`).join("\n");
  const options = bundleOptions(engine);
  await build({ ...options, stdin: { contents, resolveDir: root, sourcefile: "test-entry.ts" }, outfile, ignoreAnnotations: true, plugins: [...(options.plugins ?? []), uvuWrapper(root)] });
  return outfile;
}
