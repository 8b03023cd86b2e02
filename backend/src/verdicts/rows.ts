// SPDX-License-Identifier: Apache-2.0
// Which of an operator's verdicts answers a question.
import { prefixHolds, type AskQuestion } from "@securebox/contract";
import type { VerdictRow } from "../ports.ts";

export type FlowQuestion = Extract<AskQuestion, { kind: "flow" }>;

/** The most specific row that covers the question and still counts: device, then remote, then protocol and port; the newest of equals. */
export function bestRow(rows: readonly VerdictRow[], question: AskQuestion, now: number): VerdictRow | undefined {
  let best: VerdictRow | undefined;
  let most = -1;
  for (const row of rows) {
    if (row.expires !== undefined && Date.parse(row.expires) <= now) continue;
    const weight = covers(row, question);
    if (weight !== undefined && weight >= most) [best, most] = [row, weight];
  }
  return best;
}

/** How closely the row names what is asked; undefined: it does not cover it. */
function covers(row: VerdictRow, question: AskQuestion): number | undefined {
  if (row.kind !== question.kind || (row.device !== "*" && row.device !== question.device)) return undefined;
  const device = row.device === "*" ? 0 : 100_000;
  if (question.kind === "device") return device;
  const remote = remoteWeight(row.remote, question);
  if (remote === undefined) return undefined;
  if (row.protocol !== undefined && row.protocol !== question.protocol) return undefined;
  if (row.port !== undefined && row.port !== question.port) return undefined;
  return device + remote * 100 + (row.protocol === undefined ? 0 : 10) + (row.port === undefined ? 0 : 1);
}

/** 0 for "*", 1 to 129 for prefixes by their length, 200 for a device. */
function remoteWeight(remote: string, { address, peer }: FlowQuestion): number | undefined {
  if (remote === "*") return 0;
  if (remote.includes("/")) return prefixHolds(remote, address) ? Number(remote.slice(remote.indexOf("/") + 1)) + 1 : undefined;
  return remote === peer ? 200 : undefined;
}
