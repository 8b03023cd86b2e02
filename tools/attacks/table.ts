// SPDX-License-Identifier: Apache-2.0
// The table of attacks, for people and for the docs.

/** What test/attacks/scenario.ts tells of each attack. */
export interface AttackRecord {
  attack: string;
  target: string;
  expected: string;
  result: string;
  reason?: string;
  allowed?: { sent: number; lost: number };
  memory?: number;
  seconds: number;
}

const marks = ["<!-- begin: npm run attacks -- --write -->", "<!-- end -->"] as const;
const unique = (values: readonly string[]): string[] => [...new Set(values)];

/** A row for each attack, a column for each target; what is not as expected is in capitals. */
export function asTable(records: readonly AttackRecord[]): string {
  const columns = unique(records.map(({ target }) => target));
  const rows = unique(records.map(({ attack }) => attack)).map((attack) => [attack, ...columns.map((target) => cell(records, attack, target))]);
  const all = [["attack", ...columns], ...rows];
  const widths = all[0]!.map((_, i) => Math.max(...all.map((row) => row[i]!.length)));
  return all.map((row) => `${row.map((text, i) => text.padEnd(widths[i]!)).join("  ").trimEnd()}\n`).join("");
}

function cell(records: readonly AttackRecord[], attack: string, target: string): string {
  const found = records.find((record) => record.attack === attack && record.target === target);
  if (!found) return "no result";
  return found.result === found.expected ? found.result : found.result.toUpperCase();
}

/** `document` with the table between its marks. Throws when it has none. */
export function writeTable(document: string, records: readonly AttackRecord[]): string {
  const [start, end] = [document.indexOf(marks[0]), document.indexOf(marks[1])];
  if (start < 0 || end < start) throw new Error(`docs/attacks.md: no ${marks[0]}`);
  const columns = unique(records.map(({ target }) => target));
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |\n`;
  const rows = unique(records.map(({ attack }) => attack)).map((attack) => line([`\`${attack}\``, ...columns.map((target) => cell(records, attack, target))]));
  const reasons = records.filter(({ reason }) => reason).map(({ attack, target, result, reason }) => `- \`${attack}\`, ${target}: ${result}. ${reason}\n`);
  const text = line(["attack", ...columns]) + line(["---", ...columns.map(() => "---")]) + rows.join("") + (reasons.length > 0 ? `\n${reasons.join("")}` : "");
  return `${document.slice(0, start + marks[0].length)}\n${text}${document.slice(end)}`;
}
