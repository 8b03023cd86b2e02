// SPDX-License-Identifier: Apache-2.0
// Programs run from a scenario in the guest, each with a deadline; emulated processors make them slow.
import { type Child, type Millis } from "quickjs-ts";
import { platform } from "quickjs-ts/platform";

export interface RunResult {
  /** Exit status; null when a signal ended it. */
  code: number | null;
  stdout: string;
  stderr: string;
}

const decode = (chunks: readonly Uint8Array[]): string => {
  const decoder = new TextDecoder();
  return chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("") + decoder.decode();
};

/** Runs a program to its end. Rejects when it cannot be started or overruns its deadline. */
export function run(argv: readonly string[], deadline: Millis = 20_000): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const [out, err]: [Uint8Array[], Uint8Array[]] = [[], []];
    const child = platform.processes.spawn(argv, {
      stdout: (chunk) => out.push(chunk), stderr: (chunk) => err.push(chunk),
      exit: (code) => { timer.cancel(); resolve({ code, stdout: decode(out), stderr: decode(err) }); },
    });
    const timer = platform.timers.after(deadline, () => {
      child.kill("SIGKILL");
      reject(new Error(`${argv.join(" ")}: no end within ${deadline} ms`));
    });
  });
}

/** Like `run`, but an exit status other than 0 rejects with what the program said. Returns its standard output. */
export async function must(argv: readonly string[], deadline?: Millis): Promise<string> {
  const { code, stdout, stderr } = await run(argv, deadline);
  if (code !== 0) throw new Error(`${argv.join(" ")}: exit status ${code}: ${stderr.trim() || stdout.trim()}`);
  return stdout;
}

/** Lines of shell, ended by the first that fails. */
export const script = (text: string): Promise<string> => must(["sh", "-ec", text]);

/** Words in a namespace of the guest, or in its first one. */
export const inside = (namespace: string | undefined, argv: readonly string[]): string[] => (namespace ? ["ip", "netns", "exec", namespace, ...argv] : [...argv]);

/** Starts a program whose lines are read while it runs. `ended` is called once. */
export function start(argv: readonly string[], line: (text: string) => void, ended: (code: number | null) => void = () => {}, options: { stdin?: "pipe" } = {}): Child {
  let rest = "";
  const decoder = new TextDecoder();
  return platform.processes.spawn(argv, {
    stdout: (chunk) => {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop()!;
      for (const each of lines) line(each);
    },
    stderr: (chunk) => platform.processes.stderr(new TextDecoder().decode(chunk)),
    exit: ended,
  }, options);
}

export const sleep = (time: Millis): Promise<void> => new Promise((resolve) => void platform.timers.after(time, resolve));

/** Calls `probe` until it returns something else than undefined or false. Rejects after `deadline`, naming `what`. */
export async function until<T>(what: string, deadline: Millis, probe: () => T | Promise<T>, interval: Millis = 100): Promise<NonNullable<T>> {
  const end = platform.time.now() + deadline;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false && value !== null) return value;
    if (platform.time.now() >= end) throw new Error(`${what}: not within ${deadline} ms`);
    await sleep(interval);
  }
}
