// SPDX-License-Identifier: Apache-2.0
// Small programs that are measured on both engines: bundled once per engine, run as processes of their own.
import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { must } from "../../test/lab/command.ts";
import { bundle } from "../../tools/bundle.mjs";
import { buildRunner } from "../../tools/compile/runtime.ts";

export type Engine = "quickjs" | "node";

const root = process.cwd();

/** The command that runs `bench/programs/NAME.ts` on an engine. */
export async function program(name: string, engine: Engine): Promise<string[]> {
  const outfile = join(root, "build/bench", `${name}.${engine}.mjs`);
  await bundle(join(root, "bench/programs", `${name}.ts`), outfile, engine);
  return engine === "node" ? [process.execPath, outfile] : [await buildRunner(root), outfile];
}

/** Starts a program whose standard error is ours; the caller ends it. */
export function start(argv: readonly string[], stdout: "pipe" | "ignore" = "ignore", stdin: "pipe" | "ignore" = "ignore"): ChildProcess {
  return spawn(argv[0]!, argv.slice(1), { stdio: [stdin, stdout, "inherit"] });
}

/** Ends a child that we started and waits for it. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
}

/** Runs a program to its end and reads the JSON that it printed. Rejects when it fails or takes more than a minute. */
export async function output<T>(argv: readonly string[]): Promise<T> {
  return JSON.parse(await must(argv, { deadline: 60_000 })) as T;
}
