// SPDX-License-Identifier: Apache-2.0
import type { Problem } from "@securebox/contract";
import type { PolicyResult } from "../editor/editor.ts";
import { plural } from "../ui/basics.tsx";

/** Of the text in the editor, as it is typed. */
export function Problems({ result, goTo }: { result: PolicyResult | undefined; goTo: (line: number, column: number) => void }) {
  if (!result) return null;
  const rules = result.ok ? result.policy.rules.length : 0;
  const problems = result.ok ? result.warnings : result.problems;
  const more = result.ok ? 0 : result.omitted;
  const text = result.ok ? `Valid: ${plural(rules, "rule")}, ${plural(Object.keys(result.policy.groups).length, "group")}${problems.length > 0 ? `, ${plural(problems.length, "warning")}` : ""}` : `${plural(problems.length + more, "problem")}: it cannot be pushed like this`;
  return (
    <div class="problems">
      <p class={result.ok ? "verdict good" : "verdict bad"} role="status">{text}</p>
      <ProblemList problems={problems} goTo={goTo} />
      {more > 0 && <p class="muted">And {more} more.</p>}
    </div>
  );
}

/** Each jumps to its line. */
export function ProblemList({ problems, goTo }: { problems: Problem[]; goTo: (line: number, column: number) => void }) {
  if (problems.length === 0) return null;
  return (
    <ul class="problem-list">
      {problems.map(({ line, column, field, message, expected, suggestion }, index) => (
        <li key={index}>
          <button type="button" onClick={() => goTo(line, column)}>
            <span class="place">Line {line}</span>
            <span>{field && <code>{field}</code>} {message}{expected && <span class="muted">; expected {expected}</span>}{suggestion !== undefined && <>. Did you mean <code>{suggestion}</code>?</>}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
