// SPDX-License-Identifier: Apache-2.0
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const execFileAsync = promisify(execFile);

/** Runs a program to its end; rejects with the whole command and what it said. */
export async function execute(program: string, args: readonly string[]): Promise<string> {
  const { stdout } = await execFileAsync(program, args, { maxBuffer: 1 << 24 }).catch((error: { stderr?: string; message: string }) => {
    throw new Error(`${program} ${args.join(" ")}\n${error.stderr || error.message}`);
  });
  return stdout;
}
