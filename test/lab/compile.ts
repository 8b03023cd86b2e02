// SPDX-License-Identifier: Apache-2.0
// The lab's programs in C, one file each.
import { existsSync, mkdirSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { must, repositoryRoot } from "./command.ts";

const built = new Map<string, Promise<string>>();
export const labPrograms = ["frames", "wire"] as const;

/** Path of the program; compiles it when its source is newer. */
export function labProgram(name: (typeof labPrograms)[number]): Promise<string> {
  const path = built.get(name) ?? build(name);
  built.set(name, path);
  return path;
}

async function build(name: string): Promise<string> {
  const root = repositoryRoot();
  const source = join(root, `test/lab/${name}.c`);
  const program = join(root, `build/lab/${name}`);
  if (existsSync(program) && statSync(program).mtimeMs > statSync(source).mtimeMs) return program;
  mkdirSync(join(root, "build/lab"), { recursive: true });
  await must(["gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-o", `${program}.${process.pid}`, source], { deadline: 60_000 });
  renameSync(`${program}.${process.pid}`, program);
  return program;
}
