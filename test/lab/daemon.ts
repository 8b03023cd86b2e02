// SPDX-License-Identifier: Apache-2.0
// A daemon kept in the foreground as our child, and recorded in its directory, so that a later run can end what a killed run left.
import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync, closeSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { sleep } from "./command.ts";

const record = "processes";

export class Daemon {
  #child: ChildProcess | undefined;

  /** Every command line must name `directory`: that is how a leftover is told from a stranger that got its process id. */
  constructor(readonly name: string, readonly directory: string, readonly argv: readonly string[], readonly env: Record<string, string> = {}) {
    if (!argv.some((argument) => argument.includes(directory))) throw new Error(`${name}: its command line must name ${directory}`);
  }

  /** Process id; undefined when it does not run. */
  get pid(): number | undefined {
    return this.#child?.exitCode === null && this.#child.signalCode === null ? this.#child.pid : undefined;
  }

  start(): void {
    if (this.pid !== undefined) throw new Error(`${this.name} runs already`);
    const log = openSync(join(this.directory, `${this.name}.out`), "a");
    const child = spawn(this.argv[0]!, this.argv.slice(1), { env: { ...process.env, ...this.env }, stdio: ["ignore", log, log] });
    closeSync(log);
    child.on("error", (error) => appendFileSync(join(this.directory, `${this.name}.out`), `${error.message}\n`));
    if (child.pid !== undefined) appendFileSync(join(this.directory, record), `${child.pid}\n`);
    this.#child = child;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** SIGTERM, two seconds of patience, SIGKILL. Resolves once it is gone. */
  async stop(): Promise<void> {
    this.kill("SIGCONT");
    this.kill("SIGTERM");
    for (let i = 0; this.pid !== undefined; i++) {
      if (i === 200) this.kill("SIGKILL");
      await sleep(10);
    }
  }

  /** What it wrote last, for error messages. */
  lastWords(): string {
    return text(join(this.directory, `${this.name}.out`)).trim().split("\n").slice(-3).join("; ");
  }
}

/** Ends the processes that an earlier run recorded in `directory`, if they are still those: their command line names the directory. */
export async function endLeftovers(directory: string): Promise<void> {
  const pids = text(join(directory, record)).split("\n").filter(Boolean).map(Number);
  const left = pids.filter((pid) => text(`/proc/${pid}/cmdline`).includes(directory));
  for (const pid of left) process.kill(pid, "SIGKILL");
  for (let i = 0; i < 100 && left.some((pid) => text(`/proc/${pid}/cmdline`) !== ""); i++) await sleep(10);
  rmSync(join(directory, record), { force: true });
}

function text(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
