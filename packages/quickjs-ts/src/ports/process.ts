// SPDX-License-Identifier: Apache-2.0

export interface ChildHandlers {
  stdout?(chunk: Uint8Array): void;
  stderr?(chunk: Uint8Array): void;
  /** Exactly once, after both pipes ended. `code` is null when a signal ended it. */
  exit(code: number | null, signal: string | null): void;
}

export interface Child {
  readonly pid: number;
  /** Writes to its standard input; false as for a stream. Only with `stdin: "pipe"`. */
  write(data: Uint8Array): boolean;
  closeStdin(): void;
  kill(signal?: string): void;
}

export interface SpawnOptions {
  cwd?: string;
  /** Replaces the environment; default: inherited. */
  env?: Record<string, string>;
  /** Default "ignore". */
  stdin?: "ignore" | "pipe" | "inherit";
  /** Default "pipe" when a handler is given, else "inherit". */
  stdout?: "ignore" | "pipe" | "inherit";
  stderr?: "ignore" | "pipe" | "inherit";
}

export interface Processes {
  readonly pid: number;
  /** Arguments after the program's name. */
  readonly arguments: readonly string[];
  /** Path of the running executable (for starting itself again). With the engine's own arguments needed before ours, if any. */
  readonly self: readonly string[];
  environment(name: string): string | undefined;
  /** Throws PlatformError (ENOENT, EACCES) before anything ran. No shell. */
  spawn(argv: readonly string[], handlers: ChildHandlers, options?: SpawnOptions): Child;
  /** Blocking writes to our own standard output and error, for a few lines. */
  stdout(text: string): void;
  stderr(text: string): void;
  /** Whole standard input, as text. */
  readStdin(): string;
  exit(code: number): never;
  /** Sends a signal to a process that we know (by its id). */
  kill(pid: number, signal: string): void;
  /** Headline and stack of whatever was thrown, with positions in the sources. Costly: for errors only. */
  stackOf(error: unknown): string;
  /** Bytes, from /proc/self/status: resident now and at most (VmRSS, VmHWM). */
  memory(): { resident: number; peak: number };
  /** Gives back what the garbage collector and the allocator can spare. Cheap enough for once after a large change. */
  trimMemory(): void;
  /**
   * Evaluates one of the modules inside the executable in an engine of its own, with the global `input`, and returns what it left in the global `output`. All
   * memory that it took is given back: for code that is large and seldom needed. The module imports nothing, has no globals but the language's, and waits
   * for nothing. Throws Error with what it threw, and ReferenceError where the program is not made of modules: everywhere but in an executable.
   */
  apart(module: string, input: string): string;
}

export interface Signals {
  /** Calls `run` from the event loop; returns a function that restores the default. */
  on(signal: "SIGHUP" | "SIGINT" | "SIGTERM" | "SIGUSR1" | "SIGUSR2", run: () => void): () => void;
}
