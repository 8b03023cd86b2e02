// SPDX-License-Identifier: Apache-2.0
// Compiles the runtime: QuickJS and packages/quickjs-ts/native, in the variants that development, tests and the access point need.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { setupQuickjs } from "../setup/quickjs.ts";

const execute = promisify(execFile);

/** `runner` runs a bundle file; `gateway` runs the bytecode linked into it; the two others are the runner with its memory watched. */
export type Variant = "runner" | "gateway" | "sanitized" | "valgrind";

interface Flags { engine: string[]; native: string[]; link: string[] }

const common = ["-std=gnu11", "-fwrapv", "-D_GNU_SOURCE", '-DCONFIG_VERSION="2025-04-26"'];
const sections = ["-ffunction-sections", "-fdata-sections"];
/** Every finding ends the process: an exit status is what the test runner sees. */
const sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer"];

export const flags: Record<Variant, Flags> = {
  runner: { engine: ["-O2", ...sections], native: ["-O2", ...sections], link: ["-Wl,--gc-sections"] },
  gateway: { engine: ["-Os", ...sections], native: ["-Os", "-DEMBEDDED", ...sections], link: ["-Wl,--gc-sections", "-s"] },
  // QuickJS itself relies on a few things that UBSan reports; it is watched for memory errors, our code for both.
  sanitized: { engine: ["-O1", "-g", "-fsanitize=address", "-fno-omit-frame-pointer"], native: ["-O1", "-g", "-DFREE_ON_EXIT", ...sanitizers], link: ["-g", ...sanitizers] },
  valgrind: { engine: ["-O1", "-g"], native: ["-O1", "-g", "-DFREE_ON_EXIT"], link: ["-g"] },
};

const engineFiles = ["quickjs", "libregexp", "libunicode", "cutils", "dtoa"];
/** The interpreter alone is worth its size: -O2 instead of -Os made it 1.4 to 1.7 times as fast for 155 kB; elsewhere -Os costs nothing that was seen. */
const fastFiles = ["quickjs"];
const engineFlags = (name: string, variant: Variant): string[] => (variant === "gateway" && fastFiles.includes(name) ? [...flags[variant].engine, "-O2"] : flags[variant].engine);

const warnings = ["-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter", "-Wno-sign-compare"];
const libraries = ["-lmbedtls", "-lmbedx509", "-lmbedcrypto", "-lm"];

/** The C compiler; a cross build sets CC. */
const compiler = (): string => process.env["CC"] ?? "gcc";

const digest = (...parts: (string | Buffer)[]): string => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part).update("\0");
  return hash.digest("hex").slice(0, 16);
};

async function run(args: string[]): Promise<void> {
  await execute(compiler(), args, { maxBuffer: 1 << 24 }).catch((error: { stderr?: string; message: string }) => {
    throw new Error(`${compiler()} ${args.join(" ")}\n${error.stderr || error.message}`);
  });
}

/** Compiles `file` unless an object of the same content and flags is there. */
async function compile(file: string, options: string[], headers: string, cache: string): Promise<string> {
  const object = join(cache, `${basename(file)}-${digest(compiler(), options.join(" "), headers, readFileSync(file))}.o`);
  if (existsSync(object)) return object;
  const partial = `${object}.${process.pid}`;
  await run([...options, "-c", file, "-o", partial]);
  renameSync(partial, object);
  return object;
}

/** Two at a time: the machines have two processors. */
async function inPairs<T>(jobs: (() => Promise<T>)[]): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const work = async () => { while (next < jobs.length) { const index = next++; results[index] = await jobs[index]!(); } };
  await Promise.all([work(), work()]);
  return results;
}

/** Builds `output` from QuickJS, our C files and `extra` objects. Throws with what the compiler said. */
export async function buildExecutable(root: string, variant: Variant, output: string, extra: readonly string[] = []): Promise<void> {
  const source = await setupQuickjs(root);
  const native = join(root, "packages/quickjs-ts/native");
  const cache = join(root, ".cache/objects");
  mkdirSync(cache, { recursive: true });
  const { native: own, link } = flags[variant];
  const ours = readdirSync(native).sort();
  const headers = ours.filter((name) => name.endsWith(".h")).map((name) => readFileSync(join(native, name), "utf8")).join();
  const objects = await inPairs([
    ...engineFiles.map((name) => () => compile(join(source, `${name}.c`), [...common, ...engineFlags(name, variant), "-w", "-funsigned-char"], source, cache)),
    ...ours.filter((name) => name.endsWith(".c")).map((name) => () => compile(join(native, name), [...common, ...own, ...warnings, "-isystem", source], headers, cache)),
  ]);
  mkdirSync(join(output, ".."), { recursive: true });
  const partial = `${output}.${process.pid}`;
  await run([...objects, ...extra, ...link, "-o", partial, ...libraries]);
  renameSync(partial, output); // a running one keeps its own file
}

/** The development runner, `build/quickjs-ts`; also makes sure that it is current. Returns its path. */
export async function buildRunner(root: string, variant: Exclude<Variant, "gateway"> = "runner"): Promise<string> {
  const output = join(root, "build", variant === "runner" ? "quickjs-ts" : `quickjs-ts-${variant}`);
  await buildExecutable(root, variant, output);
  return output;
}
