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
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const table = [row(columns.map(([title]) => title)), `|${columns.map(() => "---|").join("")}`, ...outcomes.map((outcome) => row(columns.map(([, cell]) => cell(outcome))))].join("\n");
  writeFileSync(file, readFileSync(file, "utf8").replace(/(<!-- begin[^>]*-->\n)[^]*(<!-- end -->)/, (_, begin: string, end: string) => `${begin}${table}\n${end}`));
}
