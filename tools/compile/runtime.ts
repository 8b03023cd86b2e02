// SPDX-License-Identifier: Apache-2.0
// Compiles the runtime: QuickJS and packages/quickjs-ts/native, in the variants that development, tests and the access point need.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { basename, join } from "node:path";
import { quickjsVersion, setupQuickjs } from "../setup/quickjs.ts";
import { execute } from "./execute.ts";
import { buildMbedtls, type Mbedtls } from "./mbedtls.ts";
import { host, type Target } from "./target.ts";

/** `runner` runs a bundle file; `gateway` runs the bytecode linked into it; the two others are the runner with its memory watched. */
export type Variant = "runner" | "gateway" | "sanitized" | "valgrind";

interface Flags { engine: string[]; native: string[]; link: string[] }

/** With 64-bit files, inodes and times also where the C library keeps old, smaller ones by default: a tmpfs has inodes, and 2038 a date, beyond 32 bits. */
const common = ["-std=gnu11", "-fwrapv", "-D_GNU_SOURCE", "-D_FILE_OFFSET_BITS=64", "-D_TIME_BITS=64"];
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

/** Of all releases; each has its own choice of the last two. */
const engineFiles = ["quickjs", "libregexp", "libunicode", "cutils", "dtoa", "libbf"];
/** The interpreter alone is worth its size: -O2 instead of -Os made it 1.4 to 1.7 times as fast for 155 kB; elsewhere -Os costs nothing that was seen. */
const fastFiles = ["quickjs"];
const engineFlags = (name: string, variant: Variant): string[] => flags[variant === "gateway" && fastFiles.includes(name) ? "runner" : variant].engine;

const warnings = ["-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter", "-Wno-sign-compare"];
const libraries = ["-lmbedtls", "-lmbedx509", "-lmbedcrypto", "-lm"];

const digest = (...parts: (string | Buffer)[]): string => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part).update("\0");
  return hash.digest("hex").slice(0, 16);
};

/** Compiles `file` unless an object of the same content and flags is there. */
async function compile(compiler: string, file: string, options: string[], headers: string, cache: string): Promise<string> {
  const object = join(cache, `${basename(file)}-${digest(compiler, options.join(" "), headers, readFileSync(file))}.o`);
  if (existsSync(object)) return object;
  const partial = `${object}.${process.pid}`;
  await execute(compiler, [...options, "-c", file, "-o", partial]);
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

/** A release of the engine, and what every file is compiled with for it. */
interface Sources { engine: string; native: string; cache: string; headers: string; everywhere: string[] }

async function sourcesOf(root: string, target: Target): Promise<Sources> {
  const engine = await setupQuickjs(root, undefined, target.quickjs);
  const native = join(root, "packages/quickjs-ts/native");
  const cache = join(root, ".cache/objects");
  mkdirSync(cache, { recursive: true });
  const headers = readdirSync(native).sort().filter((name) => name.endsWith(".h")).map((name) => readFileSync(join(native, name), "utf8")).join();
  const version = quickjsVersion(engine);
  return { engine, native, cache, headers, everywhere: [...common, ...target.options, `-DCONFIG_VERSION="${version}"`, "-DCONFIG_BIGNUM", `-DQUICKJS_RELEASE=${version.replaceAll("-", "")}`] };
}

type Job = () => Promise<string>;

/** A job per file of the engine but `without`. */
function engineJobs({ engine, native, cache, headers, everywhere }: Sources, variant: Variant, target: Target, without = ""): Job[] {
  const including = (name: string): string[] => (name === "libregexp" ? ["-include", join(native, "regexp-order.h"), "-I", engine] : []);
  const files = engineFiles.filter((name) => name !== without && existsSync(join(engine, `${name}.c`)));
  return files.map((name) => () => compile(target.compiler, join(engine, `${name}.c`), [...everywhere, ...engineFlags(name, variant), ...including(name), "-w", "-funsigned-char"], engine + headers, cache));
}

/** Compiles the engine and our C files; returns the objects. */
async function compileObjects(root: string, variant: Variant, target: Target, { include }: Mbedtls): Promise<string[]> {
  const sources = await sourcesOf(root, target);
  const { engine, native, cache, headers, everywhere } = sources;
  const paths = [...(include ? ["-isystem", include] : []), "-isystem", engine];
  const ours = readdirSync(native).sort().filter((name) => name.endsWith(".c"));
  return inPairs([...engineJobs(sources, variant, target), ...ours.map((name) => () => compile(target.compiler, join(native, name), [...everywhere, ...flags[variant].native, ...warnings, ...paths], headers, cache))]);
}

/** Builds `output` from QuickJS, our C files and `extra` objects. Throws with what the compiler said. */
export async function buildExecutable(root: string, variant: Variant, output: string, extra: readonly string[] = [], target: Target = host): Promise<void> {
  const mbedtls = await buildMbedtls(root, target);
  const objects = await compileObjects(root, variant, target, mbedtls);
  mkdirSync(join(output, ".."), { recursive: true });
  const partial = `${output}.${process.pid}`;
  const where = mbedtls.libraries ? [`-L${mbedtls.libraries}`, `-Wl,-rpath,${mbedtls.libraries}`] : [];
  await execute(target.compiler, [...target.options, ...objects, ...extra, ...flags[variant].link, "-o", partial, ...where, ...libraries, ...target.link]);
  renameSync(partial, output); // a running one keeps its own file
}

/** The development runner, `build/quickjs-ts`, for other targets in a folder of theirs; also makes sure that it is current. Returns its path. */
export async function buildRunner(root: string, variant: Exclude<Variant, "gateway"> = "runner", target: Target = host): Promise<string> {
  const output = join(root, "build", target.name, variant === "runner" ? "quickjs-ts" : `quickjs-ts-${variant}`);
  await buildExecutable(root, variant, output, [], target);
  return output;
}

/** For this machine: the program that compiles modules for a release of the engine, openwrt/src/bytecode.c. Returns its path. */
export async function buildCompiler(root: string, quickjs: string): Promise<string> {
  const sources = await sourcesOf(root, { ...host, quickjs });
  const { engine, native, cache, headers, everywhere } = sources;
  const file = join(root, "openwrt/src/bytecode.c"), output = join(root, "build", `bytecode-${quickjsVersion(engine)}`);
  const own: Job = () => compile(host.compiler, file, [...everywhere, "-O1", "-w", "-funsigned-char", "-I", native, "-I", engine], engine + headers, cache);
  const objects = await inPairs([own, ...engineJobs(sources, "runner", host, "quickjs")]);
  mkdirSync(join(output, ".."), { recursive: true });
  await execute(host.compiler, [...objects, "-o", `${output}.${process.pid}`, "-lm", "-lpthread"]);
  renameSync(`${output}.${process.pid}`, output);
  return output;
}
