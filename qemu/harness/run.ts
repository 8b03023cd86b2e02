// SPDX-License-Identifier: Apache-2.0
// A scenario in a machine: image, share, boot, and what came of it.
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { makeImage } from "../recipe/index.ts";
import type { Arch, Machine } from "../recipe/machines.ts";
import { accelerator, TRIAL, type Accelerator } from "./accelerator.ts";
import { boot, type BootResult } from "./boot.ts";
import { fillShare, follow, removeLeftovers } from "./share.ts";

export interface RunOptions {
  root: string;
  machine: Machine;
  /** Path of a .ts or .sh file. */
  scenario: string;
  /** Of the result and its folder; the file's own by default. */
  name?: string;
  /** Words for the scenario. */
  settings: readonly string[];
  /** Seconds from boot to end. */
  deadline: number;
  /** Megabytes. */
  memory: number;
  progress: (line: string) => void;
  /** Gets each line that the scenario writes. */
  log: (line: string) => void;
}

export interface Check { name: string; ok: boolean; detail?: string; seconds: number }

export interface Outcome {
  scenario: string;
  arch: Arch;
  /** The scenario's exit status; 124: deadline, 125: the guest gave none. */
  status: number;
  /** Why there is none from the scenario, with the last lines of the console. */
  error?: string;
  accelerator: Accelerator;
  /** From QEMU's start to its end. */
  seconds: number;
  /** QEMU's, megabytes. */
  peakMemory: number;
  checks: Check[];
  measurements: Record<string, number>;
  /** What the scenario told by `record`. */
  records: unknown[];
  /** Folder with log, serial, dmesg and report.json. */
  kept: string;
}

/** One process may run several at a time, but makes images, programs and shares one after the other. */
let started = 0;
let preparing: Promise<unknown> = Promise.resolve();

function prepared<T>(prepare: () => Promise<T>): Promise<T> {
  const next = preparing.then(prepare);
  preparing = next.catch(() => undefined);
  return next;
}

/** Never rejects for what the guest does; only when the machine cannot be made. */
export async function runScenario(options: RunOptions): Promise<Outcome> {
  const { root, machine, progress } = options;
  const runs = join(root, "build/qemu/runs");
  removeLeftovers(runs);
  const work = join(runs, `${machine.arch}-${++started}-${process.pid}`);
  const [share, serial] = [join(work, "share"), join(work, "serial")];
  try {
    const { image, kind } = await prepared(async () => {
      const { directory } = await makeImage(root, machine, progress);
      const trialOf = async (): Promise<boolean> => (await trial(options, directory, join(work, "trial"))).status === 0;
      const accelerated = await accelerator(root, machine.arch, trialOf, progress);
      mkdirSync(join(share, "kept"), { recursive: true });
      await fillShare(root, machine, share, options.scenario, options.settings, progress);
      return { image: directory, kind: accelerated };
    });
    progress(`booting ${machine.arch} (${kind})`);
    const result = await boot({ machine, image, share, serial, accelerator: kind, deadline: options.deadline, memory: options.memory, tick: follow(join(share, "log"), options.log) });
    return keep(options, kind, result, share, serial);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function trial({ machine, memory }: RunOptions, image: string, work: string): Promise<BootResult> {
  mkdirSync(join(work, "share"), { recursive: true });
  writeFileSync(join(work, "share/start.sh"), "exit 0\n");
  return boot({ machine, image, share: join(work, "share"), serial: join(work, "serial"), accelerator: "kvm", deadline: TRIAL, memory });
}

function keep({ root, machine, scenario, deadline, name = basename(scenario).replace(/\.\w+$/, "") }: RunOptions, kind: Accelerator, result: BootResult, share: string, serial: string): Outcome {
  const kept = join(root, "build/qemu/last", `${name}-${machine.arch}`);
  rmSync(kept, { recursive: true, force: true });
  mkdirSync(kept, { recursive: true });
  copyFileSync(serial, join(kept, "serial"));
  for (const file of ["log", "dmesg", "kept"]) if (existsSync(join(share, file))) cpSync(join(share, file), join(kept, file), { recursive: true });
  const { checks, measurements, records } = readReport(join(share, "report"));
  const error = result.status === undefined ? `${describe(result, deadline)}; the console's last lines:\n${lastLines(serial, 40)}` : undefined;
  const status = result.status ?? (result.ended === "deadline" ? 124 : 125);
  const outcome: Outcome = { scenario: name, arch: machine.arch, status, ...(error && { error }), accelerator: kind, seconds: Math.round(result.seconds * 10) / 10, peakMemory: result.peak, checks, measurements, records, kept };
  writeFileSync(join(kept, "report.json"), JSON.stringify(outcome, undefined, 1) + "\n");
  return outcome;
}

/** Lines of JSON: {"check", "ok", ...}, {"measure", "value"} or {"record"}. */
function readReport(file: string): Pick<Outcome, "checks" | "measurements" | "records"> {
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
  const entries = lines.map((line) => JSON.parse(line) as { check?: string; measure?: string; value: number; record?: unknown } & Omit<Check, "name">);
  const checks = entries.flatMap(({ check, ok, detail, seconds }) => (check === undefined ? [] : [{ name: check, ok, ...(detail && { detail }), seconds }]));
  const records = entries.flatMap(({ record }) => (record === undefined ? [] : [record]));
  return { checks, records, measurements: Object.fromEntries(entries.flatMap(({ measure, value }) => (measure === undefined ? [] : [[measure, value]]))) };
}

function describe({ ended }: BootResult, deadline: number): string {
  if (ended === "deadline") return `the guest was ended: no result within ${deadline} s`;
  return ended === "signal" ? "QEMU was killed" : "the guest ended without a result: it crashed, or never came to the scenario";
}

function lastLines(file: string, count: number): string {
  return readFileSync(file, "utf8").replaceAll("\r", "").trim().split("\n").slice(-count).join("\n");
}
