// SPDX-License-Identifier: Apache-2.0
// What a scenario tells the harness: lines of JSON in /share/report, words for people on standard output.
import { platform } from "quickjs-ts/platform";

const FILE = "/share/report";
let failures = 0;
let onFailure: (name: string) => Promise<void> = async () => {};

/** What is looked at when a check fails; `name` is good for files. */
export function whenFailed(look: (name: string) => Promise<void>): void {
  onFailure = look;
}

/** Seconds since the guest was switched on. */
export const uptime = (): number => Number(platform.files.readText("/proc/uptime").split(" ")[0]);

export function say(text: string): void {
  platform.processes.stdout(`[${uptime().toFixed(1)}] ${text}\n`);
}

function tell(entry: object): void {
  platform.files.append(FILE, JSON.stringify(entry) + "\n");
}

/** What the harness hands on as it is, among `records`. */
export function record(entry: object): void {
  tell({ record: entry });
}

/** Throws unless it holds. */
export function expect(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise);
}

/** Runs one check; a failure is told and the scenario goes on. What it returns is a figure to print. */
export async function check(name: string, action: () => Promise<string | void>): Promise<void> {
  const start = uptime();
  const seconds = (): number => Math.round((uptime() - start) * 10) / 10;
  try {
    const detail = (await action()) || undefined;
    tell({ check: name, ok: true, detail, seconds: seconds() });
    say(`ok      ${name}${detail ? `: ${detail}` : ""}`);
  } catch (error) {
    failures++;
    tell({ check: name, ok: false, detail: (error as Error).message, seconds: seconds() });
    say(`FAILED  ${name}: ${(error as Error).message}`);
    await onFailure(`failure${failures}`).catch((reason: Error) => say(reason.message));
  }
}

/** `name` says its unit. */
export function measure(name: string, value: number): void {
  tell({ measure: name, value: Math.round(value * 100) / 100 });
  say(`measured ${name} ${Math.round(value * 100) / 100}`);
}

/** Words NAME=NUMBER of the command line. Throws for others than those in `defaults`. */
export function settings<T extends Record<string, number>>(defaults: T): T {
  const given = platform.processes.arguments.map((word) => /^([\w-]+)=(\d+)$/.exec(word) ?? [word]);
  const wrong = given.find(([, name]) => name === undefined || !(name in defaults));
  if (wrong) throw new Error(`setting ${wrong[0]}: expected ${Object.keys(defaults).map((name) => `${name}=NUMBER`).join(", ")}`);
  return { ...defaults, ...Object.fromEntries(given.map(([, name, value]) => [name, Number(value)])) };
}

/** Runs the scenario and ends the program: 0 when every check held, 1 when one did not, 3 when it could not go on. */
export function scenario(body: () => Promise<void>): void {
  body().then(() => platform.processes.exit(failures === 0 ? 0 : 1), (error: unknown) => {
    tell({ check: "scenario", ok: false, detail: (error as Error).message, seconds: uptime() });
    say(`could not go on: ${platform.processes.stackOf(error)}`);
    platform.processes.exit(3);
  });
}
