// SPDX-License-Identifier: Apache-2.0
// Runs the checks of this folder on QuickJS: bundled for it and run by the project's runtime, against a daemon that the caller started.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { bundleOptions } from "../../tools/bundle.mjs";
import { repositoryRoot, run } from "../lab/command.ts";

export interface LiveResult {
  passed: string[];
  /** "NAME: MESSAGE" */
  failed: string[];
}

/** `part` is the name of a file here. Rejects when the runtime is missing or dies. */
export async function runOnQuickjs(part: "ovsdb" | "openflow", socket: string): Promise<LiveResult> {
  const root = repositoryRoot();
  mkdirSync(join(root, "build/live"), { recursive: true });
  const outfile = join(root, `build/live/${part}-${process.pid}.mjs`);
  const contents = `import { ${part}Checks as checks } from "./${part}.ts"; import { runChecks } from "./main.ts"; runChecks(checks);`;
  await build({ ...bundleOptions("quickjs"), stdin: { contents, resolveDir: join(root, "test/live"), sourcefile: "entry.ts" }, outfile });
  const result = await run([join(root, "build/quickjs-ts"), outfile, socket], { deadline: 60_000 });
  const lines = result.stdout.split("\n").filter(Boolean);
  if (result.code !== 0) throw new Error(`QuickJS ended with ${result.code}: ${result.stderr || result.stdout}`);
  return { passed: lines.filter((line) => line.startsWith("ok ")).map((line) => line.slice(3)), failed: lines.filter((line) => !line.startsWith("ok ")) };
}
