// SPDX-License-Identifier: Apache-2.0
// All versions of a policy: who, why, when; the difference of any two; going back.
import { useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { api, type PolicyHead } from "../api/api.ts";
import type { ApiError } from "../api/client.ts";
import { useResource } from "../api/resource.ts";
import { useSession } from "../api/session.ts";
import { Difference } from "../policy/editor-box.tsx";
import { Badge, Button, Empty, Failure, Heading, Loaded } from "../ui/basics.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Choice, Form, Reason } from "../ui/form.tsx";
import { notify } from "../ui/notices.tsx";
import { Table, type Column } from "../ui/table.tsx";
import { Time } from "../ui/time.tsx";
import { useNetwork } from "./network.tsx";

interface Pair { from: number; to: number }

export function HistoryPage() {
  const { name } = useNetwork();
  const { may } = useSession();
  const [older, setOlder] = useState<{ rows: PolicyHead[]; next?: number; error?: ApiError }>({ rows: [] });
  const [pair, setPair] = useState<Pair | undefined>();
  const [back, setBack] = useState<PolicyHead | undefined>();
  const resource = useResource(`history ${name}`, () => api.history(name), (event) => event.kind === "policy" && event.network === name);
  const more = (before: number): void => void api.history(name, before).then(({ items, next }) => setOlder(({ rows }) => ({ rows: [...rows, ...items], next })), (error: ApiError) => setOlder((old) => ({ ...old, error })));
  return (
    <>
      <nav class="trail" aria-label="Where this is in the network"><Link href={`/networks/${name}/policy`}>Policy</Link> <span aria-hidden="true">/</span></nav>
      <Heading level={2} title="History of the policy" path={[name]} />
      <Loaded resource={resource}>
        {({ items, next }) => {
          const rows = [...items, ...older.rows.filter((row) => !items.some(({ version }) => version === row.version))];
          const newest = rows[0];
          if (!newest) return <Empty title="No version was pushed yet"><p>Write the first one in the <Link href={`/networks/${name}/policy`}>editor</Link>, or push a file with <code>securebox-backend policy push</code>.</p></Empty>;
          const before = older.rows.length > 0 ? older.next : next;
          return (
            <>
              <Table label="Versions" columns={columnsFor(newest.version, may("operator"), setPair, setBack)} rows={rows} id={({ version }) => version} />
              {older.error && <Failure error={older.error} />}
              {before !== undefined && <div class="more"><Button onClick={() => more(before)}>Older versions</Button></div>}
              {rows.length > 1 && <Compare network={name} versions={rows.map(({ version }) => version)} pair={pair ?? { from: newest.version - 1, to: newest.version }} setPair={setPair} />}
            </>
          );
        }}
      </Loaded>
      {back && <Rollback network={name} version={back} close={() => setBack(undefined)} />}
    </>
  );
}

function columnsFor(newest: number, writable: boolean, compare: (pair: Pair) => void, rollBack: (version: PolicyHead) => void): Column<PolicyHead>[] {
  const show = (version: number): void => {
    compare({ from: version - 1, to: version });
    requestAnimationFrame(() => document.getElementById("compare")?.focus());
  };
  return [
    { title: "Version", head: true, cell: ({ version, rolledBackFrom }) => <>{version} {version === newest && <Badge tone="good">current</Badge>}{rolledBackFrom !== undefined && <span class="sub">back to {rolledBackFrom}</span>}</> },
    { title: "Why", cell: ({ reason }) => reason },
    { title: "Who", cell: ({ author }) => author },
    { title: "When", cell: ({ created }) => <Time at={created} /> },
    { title: "Actions", bare: true, cell: (row) => (
      <span class="actions">
        {row.version > 1 && <Button kind="quiet" aria-label={`Changes of version ${row.version}`} onClick={() => show(row.version)}>Changes</Button>}
        {writable && row.version !== newest && <Button kind="quiet" aria-label={`Go back to version ${row.version}`} onClick={() => rollBack(row)}>Go back…</Button>}
      </span>) },
  ];
}

function Compare({ network, versions, pair, setPair }: { network: string; versions: number[]; pair: Pair; setPair: (pair: Pair) => void }) {
  const options = versions.map((version): [string, string] => [String(version), `Version ${version}`]);
  const resource = useResource(`compare ${network} ${pair.from} ${pair.to}`, () => Promise.all([api.policyVersion(network, pair.from), api.policyVersion(network, pair.to)]));
  return (
    <section aria-labelledby="compare">
      <h3 id="compare" tabIndex={-1}>What changed</h3>
      <div class="filters even">
        <Choice label="From" value={String(pair.from)} onValue={(value) => setPair({ ...pair, from: Number(value) })} options={options} />
        <Choice label="To" value={String(pair.to)} onValue={(value) => setPair({ ...pair, to: Number(value) })} options={options} />
      </div>
      <Loaded resource={resource}>{([from, to]) => <Difference key={`${pair.from} ${pair.to}`} label={`From version ${pair.from} to ${pair.to}`} before={from.text} after={to.text} />}</Loaded>
    </section>
  );
}

function Rollback({ network, version, close }: { network: string; version: PolicyHead; close: () => void }) {
  const [reason, setReason] = useState("");
  const send = async (): Promise<void> => {
    const policy = await api.rollback(network, version.version, reason);
    notify(`Version ${policy.version} has the text of version ${version.version}.`);
    close();
  };
  return (
    <Dialog title={`Go back to version ${version.version}`} close={close}>
      <p>Its text becomes a new version; nothing is lost from the history. It was pushed by {version.author} <Time at={version.created} />: {version.reason}</p>
      <Form send={send} submit={`Go back to version ${version.version}`} cancel={close}><Reason value={reason} onValue={setReason} hint="For the history, for example: the printer stopped working" /></Form>
    </Dialog>
  );
}
