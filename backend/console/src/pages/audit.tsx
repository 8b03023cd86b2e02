// SPDX-License-Identifier: Apache-2.0
// Who changed what and why, and what was refused.
import { useState } from "preact/hooks";
import { api, type AuditRow } from "../api/api.ts";
import type { ApiError } from "../api/client.ts";
import { useResource } from "../api/resource.ts";
import { Badge, Button, Empty, Failure, Loaded } from "../ui/basics.tsx";
import { Table, type Column } from "../ui/table.tsx";
import { Clock } from "../ui/time.tsx";
import { Fields } from "./events.tsx";

const columns: Column<AuditRow>[] = [
  { title: "Time", cell: ({ at }) => <Clock at={at} /> },
  { title: "Who", head: true, cell: ({ actor, remote }) => <>{actor}{remote && <span class="sub remote">{remote}</span>}</> },
  { title: "What", cell: ({ action, target, detail }) => <>{action} <strong>{target}</strong><Fields fields={detail} /></> },
  { title: "Network", cell: ({ network }) => network ?? <span class="muted">–</span> },
  { title: "Outcome", cell: ({ outcome }) => <Badge tone={outcome === "done" ? "good" : "bad"}>{outcome}</Badge> },
];

export function AuditPage({ network }: { network?: string }) {
  const [older, setOlder] = useState<{ rows: AuditRow[]; next?: number; error?: ApiError; busy?: boolean }>({ rows: [] });
  const resource = useResource(`audit ${network ?? ""}`, () => api.audit({ network, limit: 50 }), ({ kind }) => kind === "audit");
  const more = (before: number): void => {
    setOlder((old) => ({ ...old, error: undefined, busy: true }));
    api.audit({ network, before, limit: 50 }).then(
      ({ items, next }) => setOlder((old) => ({ rows: [...old.rows, ...items], next })),
      (error: ApiError) => setOlder((old) => ({ ...old, error, busy: false })));
  };
  const shown = network ? columns.filter(({ title }) => title !== "Network") : columns;
  return (
    <Loaded resource={resource}>
      {({ items, next }) => {
        const known = new Set(items.map(({ id }) => id));
        const rows = [...items, ...older.rows.filter(({ id }) => !known.has(id))];
        const before = older.rows.length > 0 ? older.next : next;
        if (rows.length === 0) return <Empty title="Nothing was changed yet"><p>Every change and every refused attempt is written down here, with who made it and why.</p></Empty>;
        return (
          <>
            <Table label="Audit log" columns={shown} rows={rows} id={({ id }) => id} />
            {older.error && <Failure error={older.error} />}
            {before !== undefined && <div class="more"><Button busy={older.busy} onClick={() => more(before)}>Older entries</Button></div>}
          </>
        );
      }}
    </Loaded>
  );
}
