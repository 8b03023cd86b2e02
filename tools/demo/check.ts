// SPDX-License-Identifier: Apache-2.0
import { checksFor, openScenario, type Outcome, runCheck } from "../../test/lab/scenario/index.ts";
import { until } from "../../test/lab/command.ts";
import type { DemoOptions } from "../demo.ts";

/** Runs the scenario once; a line per check, last the line "N passed, N failed". Returns the exit status. */
export async function demoCheck({ ovs, engine, keep, only, management }: DemoOptions): Promise<number> {
  const start = performance.now();
  const { world, close } = await openScenario(engine, ovs, management);
  print(`network up under Securebox on ${engine}, Open vSwitch ${ovs}, ${management === "backend" ? "policies from the backend" : "standalone"} (${Math.round(performance.now() - start)} ms)`);
  let failed = 0;
  const chosen = checksFor(management).filter((check) => check.name.includes(only));
  for (const check of chosen) {
    const outcome = await runCheck(world, check);
    print(describe(outcome));
    if (outcome.failed) failed++;
  }
  if (failed > 0) print(`the gateway's log ends:\n  ${world.gateway.lastWords(40).replaceAll(" | ", "\n  ")}`);
  if (keep) await stay(world.topology.lab.directory);
  await close();
  print(`${Math.round((performance.now() - start) / 1000)} s`);
  print(`${chosen.length - failed} passed, ${failed} failed`);
  return failed === 0 && chosen.length > 0 ? 0 : 1;
}

function describe({ check, milliseconds, detail, failed }: Outcome): string {
  if (failed) return `FAIL ${check.name}: ${detail}`;
  return `ok ${check.name}${detail ? `: ${detail}` : ""} (${milliseconds} ms)`;
}

function print(line: string): void {
  process.stdout.write(line + "\n");
}

async function stay(directory: string): Promise<void> {
  print(`the network stays up, with its files in ${directory}, until Ctrl-C`);
  await until("the end", 2 ** 31 - 1, () => false, 1000);
}
