// SPDX-License-Identifier: Apache-2.0
// The table of docs/qemu.md, between its two comments: made by the command that measured it.
import { readFileSync, writeFileSync } from "node:fs";
import type { Outcome } from "./harness/run.ts";

const columns: [title: string, cell: (outcome: Outcome) => string][] = [
  ["architecture", ({ arch }) => arch],
  ["gateway resident (MB)", ({ measurements }) => figure(measurements["gateway resident MB"], 1)],
  ["first flow (s)", ({ measurements }) => figure((measurements["first flow ms"] ?? NaN) / 1000, 1)],
  ["stations joined (s)", ({ measurements }) => figure(measurements["joined s"], 0)],
  ["in all (s)", ({ seconds }) => figure(seconds, 0)],
  ["QEMU's memory (MB)", ({ peakMemory }) => figure(peakMemory, 0)],
];

const figure = (value: number | undefined, digits: number): string => (value === undefined || Number.isNaN(value) ? "failed" : value.toFixed(digits));

export function writeTable(file: string, outcomes: readonly Outcome[]): void {
  writeBetween(file, "qemu/run --table", table(columns.map(([title]) => title), outcomes.map((outcome) => columns.map(([, cell]) => cell(outcome)))));
}

export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [row(titles), `|${titles.map(() => "---|").join("")}`, ...rows.map(row)].join("\n");
}

/** Replaces what a file has between the comments "begin: COMMAND" and "end". Throws when it has none. */
export function writeBetween(file: string, command: string, text: string): void {
  const before = readFileSync(file, "utf8"), begin = `<!-- begin: ${command} -->\n`, end = "<!-- end -->";
  const start = before.indexOf(begin), stop = before.indexOf(end, start);
  if (start < 0 || stop < 0) throw new Error(`${file}: no place for the table of ${command}`);
  writeFileSync(file, `${before.slice(0, start + begin.length)}${text}\n${before.slice(stop)}`);
}
