// SPDX-License-Identifier: Apache-2.0
// Runs programs with a deadline, and finds the repository's own files.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

export interface RunOptions {
  /** Text for its standard input. */
  input?: string;
  /** Milliseconds until it is killed; default 15,000. */
  deadline?: number;
  env?: Record<string, string>;
}

export interface RunResult {
  /** Exit status; null when a signal ended it. */
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end. Rejects when it cannot be started or overruns its deadline. */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(argv[0]!, argv.slice(1), { env: { ...process.env, ...options.env }, stdio: ["pipe", "pipe", "pipe"] });
    const out = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out.stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (out.stderr += text));
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`${argv.join(" ")}: no end within ${options.deadline ?? 15_000} ms`));
    }, options.deadline ?? 15_000);
    child.on("error", (error) => (clearTimeout(timer), reject(error)));
    child.on("close", (code) => (clearTimeout(timer), resolve({ code, ...out })));
    child.stdin.on("error", () => {}); // it may end without reading; its exit status tells
    child.stdin.end(options.input ?? "");
  });
}

/** Like `run`, but an exit status other than 0 rejects with what the program said. Returns its standard output. */
export async function must(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const result = await run(argv, options);
  if (result.code !== 0) throw new Error(`${argv.join(" ")}: exit status ${result.code}: ${result.stderr.trim() || result.stdout.trim()}`);
  return result.stdout;
}

/** Calls `probe` until it returns something else than undefined or false. Rejects after `deadline` milliseconds, naming `what`. */
export async function until<T>(what: string, deadline: number, probe: () => T | Promise<T>, interval = 20): Promise<NonNullable<T>> {
  const end = performance.now() + deadline;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false && value !== null) return value;
    if (performance.now() >= end) throw new Error(`${what}: not within ${deadline} ms`);
    await sleep(interval);
  }
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Calls `line` for every whole line of a stream. */
export function onLines(stream: Readable, line: (text: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const each of lines) line(each);
  });
}

/** The repository's root: tests and tools run from bundles under build/, so it is searched for upwards. */
export function repositoryRoot(): string {
  let at = dirname(fileURLToPath(import.meta.url));
  for (; at !== "/"; at = dirname(at)) {
    const file = join(at, "package.json");
    if (existsSync(file) && (JSON.parse(readFileSync(file, "utf8")) as { name?: string }).name === "securebox") return at;
  }
  throw new Error("not inside the securebox repository");
}

/** A uvu hook that says why it failed: uvu swallows what a hook throws, and then merely runs nothing. */
export function telling<C>(hook: (context: C) => Promise<unknown>): (context: C) => Promise<void> {
  return async (context) => {
    try {
      await hook(context);
    } catch (error) {
      process.stderr.write(`before the tests: ${(error as Error).stack}\n`);
      throw error;
    }
  };
}
