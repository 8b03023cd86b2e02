// SPDX-License-Identifier: Apache-2.0
// What gateways tell, newest first: live until paused, older ones page by page.
import { useEffect, useRef, useState } from "preact/hooks";
import { api, type EventRow } from "../api/api.ts";
import type { ApiError } from "../api/client.ts";
import { live } from "../api/live.ts";
import { Badge, Button, Empty, Failure, Loading, type Tone } from "../ui/basics.tsx";
import { Choice, Field } from "../ui/form.tsx";
import { Table, type Column } from "../ui/table.tsx";
import { Clock } from "../ui/time.tsx";

const LEVELS = ["debug", "info", "warn", "error"];
const TONES: Record<string, Tone> = { warn: "warn", error: "bad" };
/** Rows kept while live; older ones can be asked for again. */
const KEPT = 500;

interface Shown { rows: EventRow[]; next?: number; error?: ApiError; loading: boolean }

/** Events of all networks, of one, or of one gateway. */
export function EventsPage({ network, gateway, page = 50 }: { network?: string; gateway?: string; /** Rows to a page. */ page?: number }) {
  const [level, setLevel] = useState("");
  const [search, setSearch] = useState("");
  const [paused, setPaused] = useState(false);
  const { rows, next, error, loading, older, reload, waiting } = useEvents({ network, gateway, level }, page, paused);
  const words = search.toLowerCase();
  const found = words === "" ? rows : rows.filter((row) => `${row.event} ${row.network} ${row.gateway ?? ""} ${JSON.stringify(row.fields)}`.toLowerCase().includes(words));
  return (
    <section aria-label="Events">
      <div class="filters" role="search">
        <Field label="Search in what is shown" type="search" value={search} onValue={setSearch} />
        <Choice label="Level" value={level} onValue={setLevel} options={[["", "All levels"], ["info", "Info and above"], ["warn", "Warnings and errors"], ["error", "Errors"]]} />
        <Button aria-pressed={paused} onClick={() => setPaused(!paused)}>{paused ? `Go on${waiting > 0 ? ` (${waiting} new)` : ""}` : "Pause"}</Button>
      </div>
      {error && <Failure error={error} retry={reload} />}
      {found.length > 0 && <Table compact label="Events" columns={columnsFor(network, gateway)} rows={found} id={({ id }) => id} mark={(row) => (Date.now() - Date.parse(row.received) < 3_000 ? "fresh" : undefined)} />}
      {loading && <Loading />}
      {!loading && !error && found.length === 0 && (rows.length === 0 ? <Empty title="Nothing has happened yet"><p>Events of gateways appear here as they come in; nothing needs to be reloaded.</p></Empty> : <p>No event in the list matches.</p>)}
      {next !== undefined && <div class="more"><Button onClick={older} busy={loading}>Older events</Button></div>}
    </section>
  );
}

function useEvents(filter: { network?: string; gateway?: string; level: string }, page: number, paused: boolean) {
  const [shown, setShown] = useState<Shown>({ rows: [], loading: true });
  const held = useRef<EventRow[]>([]);
  const [waiting, setWaiting] = useState(0);
  const key = JSON.stringify(filter);
  const current = useRef(key);
  current.current = key;
  // Read when an event comes: an effect that follows `paused` runs after the next frame, and what comes before it would be shown.
  const pausedNow = useRef(paused);
  pausedNow.current = paused;

  const fetchPage = (before?: number): void => {
    setShown((old) => ({ ...old, loading: true, error: undefined }));
    live.ready.then(() => api.events({ ...filter, before, limit: page })).then(
      ({ items, next }) => current.current === key && setShown((old) => (before === undefined ? { rows: items, next, loading: false } : { rows: merge(old.rows, items), next, loading: false })),
      (error: ApiError) => setShown((old) => ({ ...old, error, loading: false })));
  };
  useEffect(() => {
    setShown({ rows: [], loading: true });
    fetchPage();
  }, [key]);
  useEffect(() => live.subscribe((change) => {
    if (change.kind === "resync") return void (held.current.length === 0 && fetchPage());
    if (change.kind !== "event" || !wanted(change.event, filter)) return;
    if (!pausedNow.current) return setShown((old) => ({ ...old, rows: merge([change.event], old.rows).slice(0, KEPT) }));
    held.current = [change.event, ...held.current].slice(0, KEPT);
    setWaiting(held.current.length);
  }), [key]);
  useEffect(() => {
    if (paused || held.current.length === 0) return;
    const late = held.current;
    held.current = [];
    setWaiting(0);
    setShown((old) => ({ ...old, rows: merge(late, old.rows) }));
  }, [paused]);
  return { ...shown, waiting, reload: () => fetchPage(), older: () => fetchPage(shown.rows.at(-1)?.id ?? shown.next) };
}

function wanted(event: EventRow, { network, gateway, level }: { network?: string; gateway?: string; level: string }): boolean {
  return (!network || event.network === network) && (!gateway || event.gateway === gateway) && LEVELS.indexOf(event.level) >= LEVELS.indexOf(level);
}

/** Newest first, each once. */
function merge(a: EventRow[], b: EventRow[]): EventRow[] {
  const known = new Set(a.map(({ id }) => id));
  return [...a, ...b.filter(({ id }) => !known.has(id))].sort((one, other) => other.id - one.id);
}

function columnsFor(network: string | undefined, gateway: string | undefined): Column<EventRow>[] {
  const columns: Column<EventRow>[] = [
    { title: "Time", cell: ({ at }) => <Clock at={at} /> },
    { title: "Level", cell: ({ level }) => <Badge tone={TONES[level] ?? "calm"}>{level}</Badge> },
    { title: "Event", head: true, cell: (row) => <><span>{row.event}</span><Fields fields={row.fields} /></> },
  ];
  if (!network) columns.push({ title: "Network", cell: (row) => row.network });
  if (!gateway) columns.push({ title: "Gateway", cell: (row) => row.gateway ?? <span class="muted">–</span> });
  return columns;
}

export function Fields({ fields }: { fields: Record<string, unknown> }) {
  const given = Object.entries(fields);
  if (given.length === 0) return null;
  return <span class="sub values">{given.map(([name, value]) => <span key={name}>{name}=<span class="mono">{typeof value === "string" ? value : JSON.stringify(value)}</span> </span>)}</span>;
}
