// SPDX-License-Identifier: Apache-2.0
// `securebox gateway --supervise`: starts the gateway as a child and starts it again, with back-off, when it dies. While no gateway runs the
// switch keeps the flows it has and holds or drops what they do not cover, so a restart opens nothing.
import type { Child, Millis, Platform, Timer } from "quickjs-ts";
import type { Log } from "./log.ts";

const FIRST_DELAY: Millis = 100;
const MAX_DELAY: Millis = 10_000;
/** A gateway that lived this long died of something new: the back-off starts over. */
const SETTLED: Millis = 60_000;
/** Exit status for "the configuration is wrong": trying again cannot help. */
const WRONG_CONFIGURATION = 2;
/** The child reads its supervisor's process id here and ends itself when that process is gone. */
export const SUPERVISOR_VARIABLE = "SECUREBOX_SUPERVISOR";

/** Delay before the next start: doubles from 100 ms to 10 s, starts over once a gateway has lived for a minute. */
export function nextDelay(previous: Millis | undefined, lived: Millis): Millis {
  return previous === undefined || lived >= SETTLED ? FIRST_DELAY : Math.min(MAX_DELAY, previous * 2);
}

/** Runs until SIGTERM or SIGINT (then resolves with 0 after the child ended) or until the child finds its configuration wrong (2). */
export function supervise(platform: Platform, argv: readonly string[], log: Log): Promise<number> {
  return new Promise((resolve) => {
    let child: Child | undefined;
    let timer: Timer | undefined;
    let delay: Millis | undefined;
    let ending = false;
    const start = (): void => {
      const started = platform.time.now();
      child = platform.processes.spawn(argv, { exit: (code, signal) => ended(code, signal, started) },
        { env: childEnvironment(platform), stdin: "ignore", stdout: "inherit", stderr: "inherit" });
      log.info("gateway started", { pid: child.pid });
    };
    const ended = (code: number | null, signal: string | null, started: Millis): void => {
      child = undefined;
      if (ending) return resolve(0);
      if (code === WRONG_CONFIGURATION) return resolve(code);
      delay = nextDelay(delay, platform.time.now() - started);
      log.error("gateway died", { code: code ?? undefined, signal: signal ?? undefined, restart: `${delay}ms` });
      timer = platform.timers.after(delay, start);
    };
    const stop = (): void => {
      ending = true;
      timer?.cancel();
      if (child) child.kill("SIGTERM");
      else resolve(0);
    };
    platform.signals.on("SIGTERM", stop);
    platform.signals.on("SIGINT", stop);
    platform.signals.on("SIGHUP", () => child?.kill("SIGHUP"));
    start();
  });
}

function childEnvironment(platform: Platform): Record<string, string> {
  const environment: Record<string, string> = { [SUPERVISOR_VARIABLE]: String(platform.processes.pid) };
  for (const name of ["PATH", "HOME", "TZ", "LD_LIBRARY_PATH"]) {
    const value = platform.processes.environment(name);
    if (value !== undefined) environment[name] = value;
  }
  return environment;
}

const ORPHAN_CHECK: Millis = 1000;

/** In the child: calls `orphaned` once when the supervisor is gone (also by kill -9), so that no gateway is left behind. */
export function watchSupervisor(platform: Platform, orphaned: () => void): void {
  const supervisor = platform.processes.environment(SUPERVISOR_VARIABLE);
  if (supervisor === undefined) return;
  const timer = platform.timers.every(ORPHAN_CHECK, () => {
    if (parentOf(platform) === supervisor) return;
    timer.cancel();
    orphaned();
  });
}

/** Field 4 of /proc/self/stat (proc(5)); the command in field 2 may hold spaces and parentheses. */
function parentOf(platform: Platform): string | undefined {
  const status = platform.files.readText("/proc/self/stat");
  return status.slice(status.lastIndexOf(")") + 2).split(" ")[1];
}
