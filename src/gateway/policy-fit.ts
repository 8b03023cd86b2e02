// SPDX-License-Identifier: Apache-2.0
// Whether a policy that was read can be enforced, and problems in the shape of the control socket. Apart from ./policy-text.ts, which brings the YAML library.
import { formatProblem, type Policy, type Problem } from "@securebox/contract";
import type { Override } from "../wifi-isolation/index.ts";
import { Program } from "../wifi-isolation/program.ts";
import type { FileProblem } from "./control/protocol.ts";

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
