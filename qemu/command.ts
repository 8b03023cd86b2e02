// SPDX-License-Identifier: Apache-2.0
// The command behind qemu/run.
import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { endAll } from "./harness/boot.ts";
import { runScenario, type Outcome } from "./harness/run.ts";
import { machineOf, machines } from "./recipe/machines.ts";
import { writeTable } from "./table.ts";

const root = process.cwd();
const help = `usage: qemu/run SCENARIO [--arch amd64|arm64|armhf|mipsel] [--deadline SECONDS] [--memory MEGABYTES] [--json] [SETTING...]
       qemu/run --table

Boots a virtual machine with radios, hostapd, wpa_supplicant and Open vSwitch, runs the scenario in it as root, and ends the machine.
SCENARIO is a name from qemu/scenarios (${names().join(", ")}) or the path of a .ts file (run by our QuickJS) or .sh file.
SETTINGs, such as handovers=60, are for the scenario. The first run makes the machine from Debian's packages (one to two minutes).
The scenario's log goes to standard error, the result to standard output; both, with console and measurements, stay in build/qemu/last.
--table runs the scenario smoke on each architecture, one after the other, and writes the table of docs/qemu.md.
Exit status: the scenario's; 124 when the deadline (default 300 s) ended it, 125 when the guest gave none, 2 for a wrong command.
`;

function names(): string[] {
  return readdirSync(join(root, "qemu/scenarios")).map((file) => file.replace(/\.\w+$/, ""));
}

function scenarioFile(name: string): string {
  const found = [name, ...["ts", "sh"].map((suffix) => join(root, "qemu/scenarios", `${name}.${suffix}`))].find((path) => /\.(ts|sh)$/.test(path) && existsSync(path));
  if (!found) throw new RangeError(`scenario ${name}: expected ${names().join(", ")}, or the path of a .ts or .sh file`);
  return resolve(found);
}

function positive(text: string, option: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new RangeError(`--${option} ${text}: expected a whole number above 0`);
  return Number(text);
}

function tell(outcome: Outcome): void {
  const failed = outcome.checks.filter(({ ok }) => !ok);
  for (const { name, detail } of failed) process.stdout.write(`FAILED ${name}: ${detail ?? ""}\n`);
  for (const [name, value] of Object.entries(outcome.measurements)) process.stdout.write(`${name} ${value}\n`);
  if (outcome.error) process.stdout.write(`${outcome.error}\n`);
  process.stdout.write(`${outcome.scenario} on ${outcome.arch}: status ${outcome.status}, ${outcome.checks.length - failed.length} checks passed, ${failed.length} failed, ${outcome.seconds} s, ${outcome.peakMemory} MB\n`);
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const common = { root, progress: (line: string) => say(`[qemu] ${line}`), log: say };

async function table(): Promise<number> {
  const outcomes: Outcome[] = [];
  for (const machine of Object.values(machines)) outcomes.push(await runScenario({ ...common, machine, scenario: scenarioFile("smoke"), settings: [], deadline: 300, memory: 512 }));
  outcomes.forEach(tell);
  writeTable(join(root, "docs/qemu.md"), outcomes);
  return Math.max(...outcomes.map(({ status }) => status));
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { arch: { type: "string", default: "amd64" }, deadline: { type: "string", default: "300" }, memory: { type: "string", default: "512" }, json: { type: "boolean" }, table: { type: "boolean" }, help: { type: "boolean", short: "h" } } });
  const [name, ...settings] = positionals;
  if (values.table) return table();
  if (values.help || !name) return (process.stdout.write(help), values.help ? 0 : 2);
  const outcome = await runScenario({ ...common, machine: machineOf(values.arch), scenario: scenarioFile(name), settings, deadline: positive(values.deadline, "deadline"), memory: positive(values.memory, "memory") });
  if (values.json) process.stdout.write(`${JSON.stringify(outcome)}\n`);
  else tell(outcome);
  return outcome.status;
}

for (const [signal, number] of [["SIGINT", 2], ["SIGTERM", 15], ["SIGHUP", 1]] as const) process.on(signal, () => {
  endAll();
  process.exit(128 + number);
});

main().then((status) => void (process.exitCode = status), (error: Error) => {
  const wrong = error instanceof RangeError || error instanceof TypeError;
  process.stderr.write(`qemu/run: ${error.message}\n`);
  process.exitCode = wrong ? 2 : 1;
});
