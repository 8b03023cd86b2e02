// SPDX-License-Identifier: Apache-2.0
// The contract's reading of a policy text in the shapes of the control socket, for the gateway and for `securebox policy check` alike.
import { formatProblem, parsePolicy, unenforced, type Policy, type Problem, type RuleLines } from "@securebox/contract";
import type { Override } from "../wifi-isolation/index.ts";
import { Program } from "../wifi-isolation/program.ts";
import type { FileProblem, PolicyStatus } from "./control/protocol.ts";

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

/** Why a valid policy cannot be enforced: it needs more bits than the pipeline has. undefined: it can. */
export function fitProblem(policy: Policy, overrides: readonly Override[]): string | undefined {
  try {
    new Program(policy, overrides);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

export function toFileProblem(problem: Problem): FileProblem {
  const place = problem.line > 0 ? { line: problem.line, column: problem.column } : {};
  return { ...place, field: problem.field, message: formatProblem({ ...problem, line: 0, field: "" }) };
}
