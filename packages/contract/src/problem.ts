// SPDX-License-Identifier: Apache-2.0
// What is wrong with a document, where, and what was expected instead.

/** One mistake. `line` and `column` count from 1 and are 0 when the document has no text (JSON from the wire). */
export interface Problem {
  line: number;
  column: number;
  /** "rules[2].allow[0]"; empty when the text itself is broken (YAML syntax, encoding). */
  field: string;
  message: string;
  /** Empty when the message says it all. */
  expected: string;
  /** The text that was probably meant. */
  suggestion?: string;
}

export type Path = readonly (string | number)[];
/** Text positions of a document's parts: of a field's value, or (`key`) of its name. */
export type Locate = (path: Path, part: "key" | "value") => { line: number; column: number };

/** Problems kept of one document; those beyond are only counted. */
export const MAX_PROBLEMS = 50;

const nowhere: Locate = () => ({ line: 0, column: 0 });

/** Collects the problems of one document. */
export class Report {
  readonly problems: Problem[] = [];
  readonly warnings: Problem[] = [];
  /** Problems found beyond MAX_PROBLEMS. */
  omitted = 0;
  readonly #locate: Locate;

  constructor(locate: Locate = nowhere) {
    this.#locate = locate;
  }

  /** No further problem will be kept: nothing is worth working out for one. */
  get full(): boolean {
    return this.problems.length >= MAX_PROBLEMS;
  }

  /** For text that is no part of a document: broken syntax. */
  errorAt(place: { line: number; column: number }, message: string, expected: string): void {
    if (this.full) this.omitted++;
    else this.problems.push({ ...place, field: "", message, expected });
  }

  error(path: Path, message: string, expected = "", suggestion?: string, part: "key" | "value" = "value"): void {
    if (this.full) this.omitted++;
    else this.problems.push(this.#problem(path, message, expected, suggestion, part));
  }

  warn(path: Path, message: string, expected = "", suggestion?: string, part: "key" | "value" = "value"): void {
    if (this.warnings.length < MAX_PROBLEMS) this.warnings.push(this.#problem(path, message, expected, suggestion, part));
  }

  #problem(path: Path, message: string, expected: string, suggestion: string | undefined, part: "key" | "value"): Problem {
    const problem: Problem = { ...this.#locate(path, part), field: formatPath(path), message, expected };
    if (suggestion !== undefined) problem.suggestion = suggestion;
    return problem;
  }
}

/** ["rules", 2, "allow", 0] -> "rules[2].allow[0]". */
export function formatPath(path: Path): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else if (/^[A-Za-z_][A-Za-z0-9_-]*$/.test(part)) text += text ? `.${part}` : part;
    else text += `[${quote(part)}]`;
  }
  return text;
}

/** `policy.yaml:12:9: rules[2].allow[0]: "tpc/80" is not a service; expected tcp/PORT, ... (did you mean "tcp/80"?)` */
export function formatProblem(problem: Problem, source = ""): string {
  const place = problem.line > 0 ? `${source ? `${source}:` : ""}${problem.line}:${problem.column}` : source;
  let text = [place, problem.field, problem.message].filter((part) => part !== "").join(": ");
  if (problem.expected) text += `; expected ${problem.expected}`;
  if (problem.suggestion !== undefined) text += ` (did you mean ${quote(problem.suggestion)}?)`;
  return text;
}

/** JSON string literal of at most 60 characters, for messages. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);
}

/** How a message names a value of the wrong type: `"text"`, `443`, `a list`, `a mapping`, `nothing`. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (typeof value === "string") return quote(value);
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "a mapping" : String(value);
}
