// SPDX-License-Identifier: Apache-2.0
// The terminal and the files of this process.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import type { Io } from "./commands.ts";
import { UsageError } from "./options.ts";

/** Bytes of a policy that is read; the backend takes 1.5 MB. */
const MAX_INPUT = 5_000_000;

export function nodeIo(): Io {
  let controller: AbortController | undefined;
  return {
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
    // Only commands that look at it outlive a first SIGINT.
    get signal() {
      if (controller) return controller.signal;
      const made = (controller = new AbortController());
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => made.abort());
      return made.signal;
    },
    async stdin() {
      let text = "";
      for await (const chunk of process.stdin.setEncoding("utf8")) if ((text += chunk as string).length > MAX_INPUT) throw new UsageError("standard input is larger than 5 MB");
      return text;
    },
    readFile(path) {
      try {
        return readFileSync(path, "utf8");
      } catch (error) {
        throw new UsageError(`${path}: ${(error as Error).message}`);
      }
    },
  };
}

/** Typed at the terminal, not shown. Throws UsageError when there is none. */
export function askPassword(): Promise<string> {
  if (!process.stdin.isTTY) return Promise.reject(new UsageError("the password is asked at a terminal; without one use --password-stdin"));
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  process.stderr.write("Password: ");
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true });
  return new Promise((resolve, reject) => {
    lines.once("line", (line) => { resolve(line); lines.close(); });
    lines.once("close", () => { process.stderr.write("\n"); reject(new UsageError("no password was typed")); });
  });
}
