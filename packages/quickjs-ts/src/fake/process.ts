// SPDX-License-Identifier: Apache-2.0
import { PlatformError } from "../ports/error.ts";
import type { Child, ChildHandlers, Processes, Signals, SpawnOptions } from "../ports/process.ts";
import type { FakeTime } from "./time.ts";

/** A running program of a test's making: call `handlers` to let it print and exit. */
export interface FakeChild extends Child {
  readonly argv: readonly string[];
  readonly options: SpawnOptions;
  readonly handlers: ChildHandlers;
  /** What it was sent. */
  readonly written: Uint8Array[];
  readonly signals: string[];
}

/** Thrown by `exit`, so that the code after it does not run. */
export class FakeExit extends Error {
  constructor(readonly code: number) {
    super(`exit ${code}`);
  }
}

export class FakeProcesses implements Processes {
  pid = 1_000;
  arguments: string[] = [];
  self: string[] = ["/usr/sbin/securebox"];
  input = "";
  /** What was printed so far. */
  output = "";
  errors = "";
  readonly env = new Map<string, string>();
  /** What a program does when it is spawned; one without entry is ENOENT. */
  readonly programs = new Map<string, (child: FakeChild) => void>();
  readonly children: FakeChild[] = [];
  used = { resident: 3_000_000, peak: 3_000_000 };

  constructor(private readonly time: FakeTime) {}

  environment(name: string): string | undefined {
    return this.env.get(name);
  }
  spawn(argv: readonly string[], handlers: ChildHandlers, options: SpawnOptions = {}): FakeChild {
    const program = this.programs.get(argv[0] ?? "");
    if (!program) throw new PlatformError("spawn", "ENOENT", argv[0] ?? "");
    const child: FakeChild = {
      pid: ++this.pid, argv, options, handlers, written: [], signals: [],
      write: (data) => child.written.push(data.slice()) > 0,
      closeStdin() {},
      kill: (signal = "SIGTERM") => void child.signals.push(signal),
    };
    this.children.push(child);
    this.time.after(0, () => program(child));
    return child;
  }
  stdout(text: string): void {
    this.output += text;
  }
  stderr(text: string): void {
    this.errors += text;
  }
  readStdin(): string {
    return this.input;
  }
  exit(code: number): never {
    throw new FakeExit(code);
  }
  kill(pid: number, signal: string): void {
    const child = this.children.find((each) => each.pid === pid);
    if (!child) throw new PlatformError("kill", "ESRCH", String(pid));
    child.kill(signal);
  }
  stackOf(error: unknown): string {
    return error instanceof Error ? `${String(error)}\n${error.stack ?? ""}` : String(error);
  }
  memory(): { resident: number; peak: number } {
    return this.used;
  }
  trimMemory(): void {}
  apart(): string {
    throw new ReferenceError("no modules are inside this program");
  }
}

export class FakeSignals implements Signals {
  readonly #running: { signal: string; run: () => void }[] = [];

  on(signal: string, run: () => void): () => void {
    const entry = { signal, run };
    this.#running.push(entry);
    return () => void (this.#running.includes(entry) && this.#running.splice(this.#running.indexOf(entry), 1));
  }
  /** As if the process got the signal. */
  raise(signal: string): void {
    for (const entry of [...this.#running]) if (entry.signal === signal) entry.run();
  }
}
