// SPDX-License-Identifier: Apache-2.0
// The folder that host and guest share during a run, and what is kept of it afterwards.
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { bundle } from "../../tools/bundle.mjs";
import { buildGateway } from "../../tools/compile/gateway.ts";
import { buildMbedtls } from "../../tools/compile/mbedtls.ts";
import { buildRunner } from "../../tools/compile/runtime.ts";
import { setupCpu, targetOf } from "../../tools/compile/target.ts";
import { newerThan } from "../../tools/setup/newer.ts";
import type { Machine } from "../recipe/machines.ts";

/** Fills `share` with the runtime, the gateway as shipped, and the scenario: a TypeScript program for our QuickJS, or a shell script. */
export async function fillShare(root: string, machine: Machine, share: string, scenario: string, settings: readonly string[], progress: (line: string) => void): Promise<void> {
  await copyPrograms(root, machine, share, progress);
  if (scenario.endsWith(".ts")) await bundle(scenario, join(share, "scenario.mjs"), "quickjs", { sourcemap: "inline", absWorkingDir: root });
  else copyFileSync(scenario, join(share, "scenario.sh"));
  const command = scenario.endsWith(".ts") ? "quickjs-ts /share/scenario.mjs" : "/bin/sh /share/scenario.sh";
  const words = settings.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  // Programs are copied to memory: MIPS numbers errors in its own way, which makes those of 9p look strange to execve.
  writeFileSync(join(share, "start.sh"), `mkdir -p /opt\ncp -r /share/bin /share/lib /opt\nexport LD_LIBRARY_PATH=/opt/lib PATH=/opt/bin:$PATH\nexec ${command} ${words}\n`);
}

async function copyPrograms(root: string, machine: Machine, share: string, progress: (line: string) => void): Promise<void> {
  const target = targetOf(machine.cpu);
  await setupCpu(machine.cpu);
  const gateway = join(root, "build", target.name, "securebox");
  if (newerThan(gateway, ["src", "packages", "tools/compile", "tools/bundle.mjs", "package-lock.json"].map((path) => join(root, path)))) {
    progress(`building the gateway for ${machine.cpu}`);
    await buildGateway(root, target);
  }
  for (const folder of ["bin", "lib"]) mkdirSync(join(share, folder), { recursive: true });
  for (const program of [gateway, await buildRunner(root, "runner", target)]) {
    copyFileSync(program, join(share, "bin", basename(program)));
    chmodSync(join(share, "bin", basename(program)), 0o755);
  }
  const { libraries } = await buildMbedtls(root, target);
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
