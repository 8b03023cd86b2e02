// SPDX-License-Identifier: Apache-2.0
// The contract's problems as marks in the text.
import { syntaxTree } from "@codemirror/language";
import type { Diagnostic } from "@codemirror/lint";
import type { EditorState } from "@codemirror/state";
import type { PolicyResult, Problem } from "@securebox/contract";

export function diagnosticsOf(result: PolicyResult, state: EditorState): Diagnostic[] {
  const problems = result.ok ? result.warnings : result.problems;
  return problems.map((problem) => diagnostic(problem, result.ok ? "warning" : "error", state));
}

/** What is wrong, what was expected. */
export function sentenceOf({ message, expected }: Problem): string {
  return expected ? `${message}; expected ${expected}` : message;
}

function diagnostic(problem: Problem, severity: "error" | "warning", state: EditorState): Diagnostic {
  const { from, to } = rangeOf(problem, state);
  const { suggestion } = problem;
  const actions = suggestion === undefined || from === to ? [] : [{
    name: `Change to ${suggestion}`,
    apply: (view: import("@codemirror/view").EditorView, start: number, end: number) => {
      const quoted = /^["']/.test(view.state.sliceDoc(start, end));
      view.dispatch({ changes: { from: start, to: end, insert: quoted ? JSON.stringify(suggestion) : suggestion } });
    },
  }];
  return { from, to, severity, message: sentenceOf(problem), actions };
}

/** The scalar at the problem's place, else up to the end of the line. */
function rangeOf({ line, column }: Problem, state: EditorState): { from: number; to: number } {
  const at = state.doc.line(Math.min(Math.max(line, 1), state.doc.lines));
  const from = Math.min(at.from + Math.max(column, 1) - 1, at.to);
  const node = syntaxTree(state).resolveInner(from, 1);
  if (node.from === from && node.to > from && node.to <= at.to) return { from, to: node.to };
  const rest = /^[^,\]}#]*[^,\]}#\s]/.exec(state.sliceDoc(from, at.to));
  return { from, to: from + (rest?.[0].length ?? 0) };
}
