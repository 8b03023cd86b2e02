// SPDX-License-Identifier: Apache-2.0
// The two ways in: text that a person wrote, values that came over a wire.
import { LIMITS } from "./limits.ts";
import type { Policy } from "./policy.ts";
import { formatProblem, Report, type Locate, type Problem } from "./problem.ts";
import { readYaml } from "./read-yaml.ts";
import { readPolicy } from "./validate.ts";
import { canonicalJson } from "./wire/canonical.ts";

/** Lines of the text, from 1, for messages about rules and members. */
export interface RuleLines {
  /** `rules[i]` is the line of rule i. */
  rules: number[];
  /** `members[group][i]` is the line of the group's member i. */
  members: Record<string, number[]>;
}

export type PolicyResult =
  | { ok: true; source: string; policy: Policy; warnings: Problem[]; lines: RuleLines }
  | { ok: false; source: string; problems: Problem[]; /** Problems beyond the first 50. */ omitted: number };

export interface ValidateOptions {
  /** "error" (default): a mistake. "ignore": named in `warnings`, so that an older gateway understands a newer backend. */
  unknownFields?: "error" | "ignore";
  /** Where the value came from, for messages. */
  source?: string;
}

/** Reads a policy in YAML (or JSON), as text or as bytes of a file. Never throws for what stands in it. */
export function parsePolicy(text: string | Uint8Array, source = "policy"): PolicyResult {
  const { value, report, locate } = readYaml(text);
  const policy = report.problems.length === 0 ? readPolicy(value, report, "error") : undefined;
  if (!policy) return { ok: false, source, problems: inOrder(report.problems), omitted: report.omitted };
  return { ok: true, source, policy, warnings: inOrder(report.warnings), lines: linesOf(policy, locate) };
}

/** Checks plain JSON values; positions in problems are 0. */
export function validatePolicy(json: unknown, { unknownFields = "error", source = "policy" }: ValidateOptions = {}): PolicyResult {
  const report = new Report();
  const policy = readPolicy(json, report, unknownFields);
  if (!policy) return { ok: false, source, problems: report.problems, omitted: report.omitted };
  return { ok: true, source, policy, warnings: report.warnings, lines: { rules: [], members: {} } };
}

/** Reads the wire's JSON. Unknown fields are ignored by name, unless told otherwise. */
export function decodePolicy(text: string, options: ValidateOptions = {}): PolicyResult {
  const { source = "policy" } = options;
  const refuse = (message: string, expected: string): PolicyResult => {
    const report = new Report();
    report.error([], message, expected);
    return { ok: false, source, problems: report.problems, omitted: 0 };
  };
  if (text.length > 4 * LIMITS.textLength) return refuse(`the document has more than ${4 * LIMITS.textLength} characters`, "fewer; that is the limit");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return refuse(`not JSON: ${error instanceof Error ? error.message : String(error)}`, "a JSON object");
  }
  return validatePolicy(json, { unknownFields: "ignore", ...options });
}

/** Canonical JSON (RFC 8785): equal policies have equal texts, so their digests can be compared. */
export function encodePolicy(policy: Policy): string {
  return canonicalJson(policy);
}

/** All problems (or warnings) of a result, one per line. */
export function formatResult(result: PolicyResult): string[] {
  if (result.ok) return result.warnings.map((warning) => `${formatProblem(warning, result.source)} (warning)`);
  const lines = result.problems.map((problem) => formatProblem(problem, result.source));
  return result.omitted > 0 ? [...lines, `${result.source}: ${result.omitted} more problems`] : lines;
}

function inOrder(problems: Problem[]): Problem[] {
  return problems.sort((a, b) => a.line - b.line || a.column - b.column);
}

function linesOf(policy: Policy, locate: Locate): RuleLines {
  const line = (...path: (string | number)[]) => locate(path, "value").line;
  const members = Object.entries(policy.groups).map(([name, list]) => [name, list.map((_, index) => line("groups", name, index))]);
  return { rules: policy.rules.map((_, index) => line("rules", index)), members: Object.fromEntries(members) };
}
