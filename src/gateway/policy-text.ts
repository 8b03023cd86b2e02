// SPDX-License-Identifier: Apache-2.0
// The contract's reading of a policy text in the shapes of the control socket, for the gateway and for `securebox policy check` alike.
import { parsePolicy, unenforced, type Policy, type RuleLines } from "@securebox/contract";
import type { FileProblem, PolicyStatus } from "./control/protocol.ts";
import { toFileProblem } from "./policy-fit.ts";

/** `policy` is absent when there are errors. `unenforced` and `warnings` (rules that never decide) are for people; they forbid nothing. */
export interface ParsedPolicy {
  policy?: Policy;
  lines?: RuleLines;
  errors: FileProblem[];
  warnings: FileProblem[];
  unenforced: PolicyStatus["unenforced"];
}

export function parsePolicyText(text: string): ParsedPolicy {
  const result = parsePolicy(text);
  if (!result.ok) return { errors: result.problems.map(toFileProblem), warnings: [], unenforced: [] };
  const pending = unenforced(result.policy, result.lines);
  return {
    policy: result.policy, lines: result.lines, errors: [], warnings: result.warnings.map(toFileProblem),
    unenforced: pending.map((item) => ({ path: item.field, reason: `${item.construct} ${item.value}: ${item.meaning}`, line: item.line })),
  };
}
