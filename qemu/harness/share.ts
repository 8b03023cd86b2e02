// SPDX-License-Identifier: Apache-2.0
// The folder that host and guest share during a run, and what is kept of it afterwards.
import { execFile } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { bundle } from "../../tools/bundle.mjs";
import { buildGateway, buildNextGateway } from "../../tools/compile/gateway.ts";
import { buildMbedtls, type Mbedtls } from "../../tools/compile/mbedtls.ts";
import { buildRunner } from "../../tools/compile/runtime.ts";
import { setupCpu, type Target, targetOf } from "../../tools/compile/target.ts";
import { newerThan } from "../../tools/setup/newer.ts";
import type { Machine } from "../recipe/machines.ts";

/** Fills `share` with the runtime, the gateway as shipped, and the scenario: a TypeScript program for our QuickJS, or a shell script. */
export async function fillShare(root: string, machine: Machine, share: string, scenario: string, settings: readonly string[], progress: (line: string) => void): Promise<void> {
  await copyPrograms(root, machine, share, progress);
  if (upgrading.includes(basename(scenario))) await copyNext(root, machine, share, progress);
  if (scenario.endsWith(".ts")) await bundle(scenario, join(share, "scenario.mjs"), "quickjs", { sourcemap: "inline", absWorkingDir: root });
  else copyFileSync(scenario, join(share, "scenario.sh"));
  const command = scenario.endsWith(".ts") ? "quickjs-ts /share/scenario.mjs" : "/bin/sh /share/scenario.sh";
  const words = settings.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  // Programs are copied to memory: MIPS numbers errors in its own way, which makes those of 9p look strange to execve.
  writeFileSync(join(share, "start.sh"), `mkdir -p /opt\ncp -r /share/bin /share/lib /opt\nexport LD_LIBRARY_PATH=/opt/lib PATH=/opt/bin:$PATH\nexec ${command} ${words}\n`);
}

/** Programs in C that scenarios use, for the guest's CPU: source -> libraries. */
const guestPrograms: Record<string, readonly string[]> = { "test/lab/frames.c": [], "test/attacks/ciphers.c": ["-lmbedcrypto"], "qemu/guest/exchange.c": [] };

async function compile(root: string, { compiler, options, link }: Target, source: string, { include, libraries }: Mbedtls, to: string): Promise<void> {
  const words = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", ...options, `-I${include}`, "-o", to, join(root, source), `-L${libraries}`, ...guestPrograms[source]!, ...link];
  await promisify(execFile)(compiler, words);
}

/** Scenarios that find another version of the gateway at /share/next/securebox. */
const upgrading: readonly string[] = ["intelligent-edge.ts"];
const sources = ["src", "packages", "tools/compile", "tools/bundle.mjs", "package-lock.json"];

async function copyNext(root: string, machine: Machine, share: string, progress: (line: string) => void): Promise<void> {
  const target = targetOf(machine.cpu);
  const next = join(root, "build", target.name, "next/securebox");
  if (newerThan(next, sources.map((path) => join(root, path)))) {
    progress(`building the gateway to upgrade to for ${machine.cpu}`);
    await buildNextGateway(root, target);
  }
  mkdirSync(join(share, "next"));
  copyFileSync(next, join(share, "next/securebox"));
  chmodSync(join(share, "next/securebox"), 0o755);
}

async function copyPrograms(root: string, machine: Machine, share: string, progress: (line: string) => void): Promise<void> {
  const target = targetOf(machine.cpu);
  await setupCpu(machine.cpu);
  const gateway = join(root, "build", target.name, "securebox");
  if (newerThan(gateway, sources.map((path) => join(root, path)))) {
    progress(`building the gateway for ${machine.cpu}`);
    await buildGateway(root, target);
  }
  for (const folder of ["bin", "lib"]) mkdirSync(join(share, folder), { recursive: true });
  for (const program of [gateway, await buildRunner(root, "runner", target)]) {
    copyFileSync(program, join(share, "bin", basename(program)));
    chmodSync(join(share, "bin", basename(program)), 0o755);
  }
  const mbedtls = await buildMbedtls(root, target);
  for (const source of Object.keys(guestPrograms)) await compile(root, target, source, mbedtls, join(share, "bin", basename(source, ".c")));
  const { libraries } = mbedtls;
  for (const name of readdirSync(libraries)) if (/\.so\.\d+$/.test(name)) copyFileSync(join(libraries, name), join(share, "lib", name));
}

/** Calls `line` for each whole line that came to `file` since the last call. */
export function follow(file: string, line: (text: string) => void): () => void {
  let read = 0;
  return () => {
    if (!existsSync(file) || statSync(file).size <= read) return;
    const text = readFileSync(file);
    const end = text.lastIndexOf(10) + 1;
    if (end > read) text.subarray(read, end - 1).toString().split("\n").forEach(line);
    read = Math.max(read, end);
  };
}

/** Removes what killed runs left: folders named after processes that are gone. */
export function removeLeftovers(runs: string): void {
  if (!existsSync(runs)) return;
  for (const name of readdirSync(runs)) if (!existsSync(`/proc/${name.split("-").pop()}`)) rmSync(join(runs, name), { recursive: true, force: true });
}
