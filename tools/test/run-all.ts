// SPDX-License-Identifier: Apache-2.0
import { bootsMachines, isSystem, mostlyWaits } from "./discover.ts";
import { runFile, type Job, type Launcher, type Outcome } from "./run-file.ts";
import { spent } from "./spent.ts";

/** What virtual machines may take of a run of all tests: told beside what they took, and never a reason to fail. */
const machineBudget = { seconds: 720, megabytes: 3000 };

function report(outcome: Outcome): void {
  const { job, passed, failed, output, millis } = outcome;
  const where = `${job.file} (${job.engine}, ${(millis / 1000).toFixed(1)} s)`;
  process.stdout.write(failed === 0 ? `ok    ${where}: ${passed} passed\n` : `FAIL  ${where}: ${passed} passed, ${failed} failed\n${output.replace(/^/gm, "      ")}\n`);
}

/** Runs `jobs`, two at a time, with a line for each: unit tests, system tests, virtual machines. `judge` may see an outcome differently before it is told. */
export async function runAll(root: string, jobs: readonly Job[], launcher: Launcher, environment: Record<string, string> = {}, judge = (outcome: Outcome): Outcome => outcome): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const work = async (queue: Job[]) => {
    for (let job = queue.shift(); job; job = queue.shift()) {
      const outcome = judge(await runFile(root, job, launcher, environment));
      report(outcome);
      outcomes.push(outcome);
    }
  };
  const unit = jobs.filter(({ file }) => !isSystem(file));
  await Promise.all([work(unit), work(unit)]);
  const system = jobs.filter(({ file }) => isSystem(file) && !bootsMachines(file));
  await Promise.all([work(system.filter(({ file }) => mostlyWaits(file))), work(system.filter(({ file }) => !mostlyWaits(file)))]);
  const machines = jobs.filter(({ file }) => bootsMachines(file));
  if (machines.length > 0) await tellSpent(machines.length, () => Promise.all([work(machines), work(machines)]));
  return outcomes;
}

async function tellSpent(files: number, work: () => Promise<unknown>): Promise<void> {
  const { seconds, megabytes } = await spent(work);
  process.stdout.write(`----  virtual machines: ${files} files in ${seconds} s (budget ${machineBudget.seconds} s for all), at most ${megabytes} MB of all processes together (budget ${machineBudget.megabytes} MB)\n`);
}
