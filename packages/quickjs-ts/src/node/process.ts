// SPDX-License-Identifier: Apache-2.0
import { spawn as nodeSpawn, type ChildProcess } from "node:child_process";
import fs from "node:fs";
import { delimiter, join } from "node:path";
import { PlatformError } from "../ports/error.ts";
import type { Child, ChildHandlers, Processes, Signals, SpawnOptions } from "../ports/process.ts";
import { attempt } from "./error.ts";
import { defaultHighWaterMark } from "./stream.ts";

/** Node reports a missing program only later; look for it as execvp(3) does. */
function refuseMissing(program: string, path: string): void {
  const candidates = program.includes("/") ? [program] : path.split(delimiter).map((dir) => join(dir || ".", program));
  const present = candidates.filter((candidate) => fs.statSync(candidate, { throwIfNoEntry: false })?.isFile());
  if (present.length === 0) throw new PlatformError("spawn", "ENOENT", program);
  attempt("spawn", program, () => fs.accessSync(present[0]!, fs.constants.X_OK));
}

function wrapChild(child: ChildProcess): Child {
  return {
    pid: child.pid!,
    write: (data) => child.stdin!.write(data) && child.stdin!.writableLength <= defaultHighWaterMark,
    closeStdin: () => void child.stdin?.end(),
    kill: (signal = "SIGTERM") => void child.kill(signal as NodeJS.Signals),
  };
}

function spawn(argv: readonly string[], handlers: ChildHandlers, options: SpawnOptions = {}): Child {
  const [program = "", ...rest] = argv;
  refuseMissing(program, options.env?.["PATH"] ?? process.env["PATH"] ?? "/usr/bin:/bin");
  if (options.cwd !== undefined) attempt("spawn", options.cwd, () => fs.readdirSync(options.cwd!));
  const output = (name: "stdout" | "stderr") => options[name] ?? (handlers[name] ? "pipe" : "inherit");
  const child = attempt("spawn", program, () =>
    nodeSpawn(program, rest, { cwd: options.cwd, env: options.env, stdio: [options.stdin ?? "ignore", output("stdout"), output("stderr")] }));
  child.on("error", () => undefined);
  if (child.pid === undefined) throw new PlatformError("spawn", "EACCES", program);
  child.stdin?.on("error", () => undefined); // EPIPE: the child has gone, its exit tells
  child.stdout?.on("data", (chunk: Buffer) => handlers.stdout?.(new Uint8Array(chunk)));
  child.stderr?.on("data", (chunk: Buffer) => handlers.stderr?.(new Uint8Array(chunk)));
  child.on("close", (code, signal) => handlers.exit(code, signal));
  return wrapChild(child);
}

/** A pipe set to non-blocking by somebody else answers EAGAIN: try again, the callers write little. */
function writeAll(fd: number, text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(fs.writeSync(fd, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

function memory(): { resident: number; peak: number } {
  const status = fs.readFileSync("/proc/self/status", "utf8");
  const bytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0) * 1024;
  return { resident: bytes("VmRSS"), peak: bytes("VmHWM") };
}

export const processes: Processes = {
  pid: process.pid,
  get arguments() { return process.argv.slice(2); },
  get self() { return [process.execPath, ...process.execArgv, process.argv[1]!]; },
  environment: (name) => process.env[name],
  spawn,
  stdout: (text) => writeAll(1, text),
  stderr: (text) => writeAll(2, text),
  readStdin: () => attempt("read", "standard input", () => fs.readFileSync(0, "utf8")),
  exit: (code) => process.exit(code),
  kill: (pid, signal) => attempt("kill", String(pid), () => void process.kill(pid, signal)),
  stackOf: (error) => (error instanceof Error ? (error.stack ?? String(error)) : String(error)),
  memory,
  trimMemory: () => (globalThis as { gc?: () => void }).gc?.(),
  apart: () => { throw new ReferenceError("no modules are inside this program"); },
};

export const signals: Signals = {
  on(signal, run) {
    process.on(signal, run);
    return () => void process.off(signal, run);
  },
};
