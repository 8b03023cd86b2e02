// SPDX-License-Identifier: Apache-2.0
// npm run attacks: boots a machine for each target, carries out the attacks in it, prints the table.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { endAll } from "../qemu/harness/boot.ts";
import { runScenario } from "../qemu/harness/run.ts";
import { machineOf } from "../qemu/recipe/machines.ts";
import { type AttackRecord, asTable, writeTable } from "./attacks/table.ts";

const root = process.cwd();
const slugs = readdirSync(join(root, "test/attacks/suite")).filter((name) => name.endsWith(".ts") && name !== "index.ts").map((name) => name.slice(0, -3));
const targets = ["plain", "intelligent-edge", "thin-edge"];
/** test/attacks/fields has none for thin-edge yet. */
const ready = ["plain", "intelligent-edge"];
const help = `usage: npm run attacks -- [--target plain|intelligent-edge|thin-edge]... [--only SLUG,SLUG] [--json] [--write]

Boots a virtual machine with radios for each target (default: the first two, two at a time; there is no field for thin-edge yet) and carries out every attack of test/attacks in it: on a plain
access point, where each must succeed, and on an edge. Root is needed, as for qemu/run. Prints a table; --json one object per line:
{"attack","target","expected","result"} and "reason", "allowed" (packets of an allowed pair sent and lost meanwhile), "memory" (the gateway's, 10^6 bytes).
--write puts the table into docs/attacks.md (those targets, all attacks).
Exit status: 0 when every result is as expected, 1 when one is not, 2 for a wrong command.
`;

const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Rejects when the machine gave no results. */
async function attack(target: string, only: string | undefined): Promise<{ records: AttackRecord[]; failures: string[] }> {
  const settings = [`target=${target}`, ...(only ? [`only=${only}`] : [])];
  const options = { root, machine: machineOf("amd64"), scenario: join(root, "test/attacks/scenario.ts"), settings, name: `attacks-${target}`, deadline: 600, memory: 512 };
  const outcome = await runScenario({ ...options, progress: (line) => say(`[${target}] ${line}`), log: (line) => say(`[${target}] ${line}`) });
  if (outcome.error) throw new Error(`${target}: ${outcome.error}`);
  const failures = outcome.checks.filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail}`);
  say(`[${target}] ${outcome.checks.length - failures.length} as expected, ${failures.length} not, ${outcome.seconds} s, ${outcome.peakMemory} MB`);
  return { records: outcome.records as AttackRecord[], failures };
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { target: { type: "string", multiple: true }, only: { type: "string" }, json: { type: "boolean" }, write: { type: "boolean" }, help: { type: "boolean", short: "h" } } });
  if (values.help) return (process.stdout.write(help), 0);
  const chosen = values.target ?? ready;
  const unknown = chosen.find((target) => !targets.includes(target));
  if (unknown !== undefined) throw new TypeError(`--target ${unknown}: expected ${targets.join(", ")}`);
  const stranger = values.only?.split(",").find((slug) => !slugs.includes(slug));
  if (stranger !== undefined) throw new TypeError(`--only ${stranger}: expected ${slugs.join(", ")}`);
  if (values.write && (values.target || values.only)) throw new TypeError("--write: the table is of all targets and all attacks");
  const results = await inPairs(chosen, (target) => attack(target, values.only));
  const records = results.flatMap((result) => result.records);
  process.stdout.write(values.json ? records.map((record) => `${JSON.stringify(record)}\n`).join("") : asTable(records));
  for (const failure of results.flatMap(({ failures }) => failures)) say(`NOT AS EXPECTED ${failure}`);
  const failed = results.some(({ failures }) => failures.length > 0);
  if (values.write && !failed) writeFileSync(join(root, "docs/attacks.md"), writeTable(readFileSync(join(root, "docs/attacks.md"), "utf8"), records));
  return failed ? 1 : 0;
}

/** Emulated processors take one of ours each; the first machine makes the image that the others use. */
async function inPairs<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const [results, rest]: [R[], T[]] = [[], [...items]];
  const lane = async (): Promise<void> => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) results[items.indexOf(item)] = await work(item);
  };
  await Promise.all([lane(), lane()]);
  return results;
}

for (const [signal, number] of [["SIGINT", 2], ["SIGTERM", 15], ["SIGHUP", 1]] as const) process.on(signal, () => {
  endAll();
  process.exit(128 + number);
});

main().then((status) => void (process.exitCode = status), (error: Error) => {
  say(`npm run attacks: ${error.message}`);
  process.exitCode = error instanceof TypeError ? 2 : 1;
});
