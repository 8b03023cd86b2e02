// SPDX-License-Identifier: Apache-2.0
import * as native from "securebox:native";
import type { Child, ChildHandlers, Processes, Signals, SpawnOptions } from "../ports/process.ts";

const modes = { ignore: 0, pipe: 1, inherit: 2 };

/** Tells `exit` once the process has ended and its pipes have been read to the end, whatever comes first. */
class Ending {
  #open = 1;
  #code: number | null = null;
  #signal: string | null = null;
  constructor(private readonly handlers: ChildHandlers) {}

  exited(code: number | null, signal: string | null): void {
    [this.#code, this.#signal] = [code, signal];
    this.#closed();
  }
  read(fd: number, name: "stdout" | "stderr"): void {
    if (fd < 0) return;
    this.#open++;
    const pipe = native.streamOf(fd, { data: (chunk) => this.handlers[name]?.(chunk), end: () => pipe.destroy(), close: () => this.#closed() }, name);
  }
  #closed(): void {
    if (--this.#open === 0) this.handlers.exit(this.#code, this.#signal);
  }
}

function spawn(argv: readonly string[], handlers: ChildHandlers, options: SpawnOptions = {}): Child {
  const environment = options.env && Object.entries(options.env).map(([name, value]) => `${name}=${value}`);
  const output = (name: "stdout" | "stderr") => modes[options[name] ?? (handlers[name] ? "pipe" : "inherit")];
  const ending = new Ending(handlers);
  const descriptors = [modes[options.stdin ?? "ignore"], output("stdout"), output("stderr")];
  const [pid, input, out, err] = native.spawn(argv, environment, options.cwd, descriptors, (code, signal) => ending.exited(code, signal));
  ending.read(out, "stdout");
  ending.read(err, "stderr");
  const stdin = input < 0 ? undefined : native.streamOf(input, { data() {}, close() {} }, "stdin"); // EPIPE: its exit tells
  return {
    pid,
    write: (data) => stdin?.write(data) ?? false,
    closeStdin: () => stdin?.end(),
    kill: (signal = "SIGTERM") => native.kill(pid, signal),
  };
}

function memory(): { resident: number; peak: number } {
  const status = native.readFile("/proc/self/status", true);
  const bytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0) * 1024;
  return { resident: bytes("VmRSS"), peak: bytes("VmHWM") };
}

export const processes: Processes = {
  pid: native.pid(),
  arguments: native.programArguments(),
  self: native.self(),
  environment: native.environment,
  spawn,
  stdout: (text) => native.print(1, text),
  stderr: (text) => native.print(2, text),
  readStdin: () => native.readFile(0, true),
  exit: native.exit,
  kill: native.kill,
  stackOf,
  memory,
  trimMemory: native.trim,
  apart: native.apart,
};

/** QuickJS's stack has no headline and positions of the bundle. */
function stackOf(error: unknown): string {
  return error instanceof Error ? `${String(error)}\n${native.mapStack(error.stack ?? "")}`.trimEnd() : String(error);
}

const running = new Map<string, Set<() => void>>();

export const signals: Signals = {
  on(signal, run) {
    const all = running.get(signal) ?? new Set();
    const once = () => run(); // the same function may be given twice
    if (all.size === 0) native.onSignal(signal, () => { for (const each of [...all]) each(); });
    running.set(signal, all.add(once));
    return () => {
      if (all.delete(once) && all.size === 0) native.onSignal(signal, undefined);
    };
  },
};
