// SPDX-License-Identifier: Apache-2.0
// What a policy would do, before it is pushed.
import type { DryRun } from "../api/api.ts";
import { Badge, plural } from "../ui/basics.tsx";
import { Table } from "../ui/table.tsx";
import { Difference } from "./editor-box.tsx";
import { ProblemList } from "./problems.tsx";

type GoTo = (line: number, column: number) => void;
const CUT: Record<DryRun["cut"][number], (result: DryRun) => string> = {
  devices: () => "There are more than 500 devices: only those seen last were compared.",
  changes: ({ changes, total, cut }) => `The table has the first ${changes.length} of ${cut.includes("time") ? "at least " : ""}${total.toLocaleString("en")} decisions.`,
  time: () => "Comparing all decisions takes too long: these were found within four seconds.",
};

/** "3 decisions", "At least 1,234 decisions": begins a sentence. */
export function countOf({ total, cut }: DryRun): string {
  return `${cut.includes("time") && total > 0 ? "At least " : ""}${total === 0 ? "No decision" : plural(total, "decision")}`;
}

interface Shown { result: DryRun; before: string; after: string; /** Names of devices, by MAC address. */ names: ReadonlyMap<string, string>; goTo: GoTo }

export function DryRunResult({ outdated, ...shown }: Shown & { outdated: boolean }) {
  const { result, goTo } = shown;
  return (
    <div class="dry-run">
      <h3>Dry run</h3>
      {outdated && <p class="note warn">The text has changed since; run it again.</p>}
      {result.valid ? <Outcome {...shown} /> : (
        <><p class="note bad">The backend would refuse this policy.</p><ProblemList problems={result.problems} goTo={goTo} /></>)}
    </div>
  );
}

function Outcome({ result, before, after, names, goTo }: Shown) {
  const { changes, total, gateways, warnings, unenforced, cut } = result;
  return (
    <>
      <p class="summary"><strong>{countOf(result)}</strong> between {cut.some((why) => why !== "changes") ? "the compared" : "known"} devices would change{total > 0 && <>, on <strong>{plural(gateways, "gateway")}</strong></>}.</p>
      {cut.length > 0 && <p class="note warn">Not everything is shown. {cut.map((why) => CUT[why](result)).join(" ")}</p>}
      <ProblemList problems={warnings} goTo={goTo} />
      {unenforced.length > 0 && <><h4>Accepted but not enforced yet</h4><ul class="lines">{unenforced.map(({ path, reason }) => <li key={path}><code>{path}</code>: {reason}</li>)}</ul></>}
      {changes.length > 0 && (
        <Table label="Changed decisions" rows={changes} id={(row) => `${row.from} ${row.to} ${row.service}`} columns={[
          { title: "From", head: true, cell: ({ from }) => <End mac={from} names={names} /> }, { title: "To", cell: ({ to }) => <End mac={to} names={names} /> }, { title: "Service", cell: ({ service }) => <code>{service}</code> },
          { title: "Now", cell: (row) => <Decision word={row.before} /> }, { title: "Then", cell: (row) => <Decision word={row.after} /> },
        ]} />)}
      <h4>Text</h4>
      <Difference label="What changes in the text" before={before} after={after} />
    </>
  );
}

function End({ mac, names }: { mac: string; names: ReadonlyMap<string, string> }) {
  const name = names.get(mac);
  return name ? <>{name}<span class="sub mac">{mac}</span></> : <>{mac}</>;
}

function Decision({ word }: { word: string }) {
  return <Badge tone={word.startsWith("allow") ? "good" : word.startsWith("deny") ? "bad" : "calm"}>{word}</Badge>;
}
