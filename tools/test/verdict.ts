// SPDX-License-Identifier: Apache-2.0
import type { Outcome } from "./run-file.ts";

/** What a command of tests found so far. */
export class Verdict {
  #passed = 0;
  #failed = 0;
  /** What failed, a line each, told once more at the end: a long output may be read from there only. */
  readonly #failures: string[] = [];

  add(outcomes: readonly Outcome[], where = ""): void {
    for (const { job, passed, failed, output } of outcomes) {
      [this.#passed, this.#failed] = [this.#passed + passed, this.#failed + failed];
      if (failed > 0) this.#failures.push(`${job.file} (${where || job.engine}): ${output.match(/^ *FAIL .*\n.*|^(killed|ended|expected).*/gm)?.slice(0, 5).join("; ").replace(/\s+/g, " ") ?? "see above"}`);
    }
  }

  /** A part of the command that is no test file; its failure is one more "failed". */
  async step(name: string, run: () => Promise<unknown> | void): Promise<boolean> {
    const start = performance.now();
    process.stdout.write(`----  ${name}\n`);
    try {
      await run();
    } catch (error) {
      this.#failed++;
      this.#failures.push(name);
      process.stdout.write(`FAIL  ${name}: ${(error as Error).message ?? String(error)}\n`);
      return false;
    }
    process.stdout.write(`ok    ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)\n`);
    return true;
  }

  /** Like `step`, for what proves something by itself: it counts as a test that passed, too. */
  async check(name: string, run: () => Promise<unknown> | void): Promise<void> {
    if (await this.step(name, run)) this.#passed++;
  }

  /** Prints the last line, "N passed, N failed", and sets the exit status: 0 only when something ran and nothing failed. */
  tell(): void {
    for (const failure of this.#failures) process.stdout.write(`failed: ${failure}\n`);
    process.stdout.write(`${this.#passed} passed, ${this.#failed} failed\n`);
    process.exitCode = this.#failed > 0 || this.#passed === 0 ? 1 : 0;
  }
}
