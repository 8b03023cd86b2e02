// SPDX-License-Identifier: Apache-2.0
// Small parts that every page uses.
import type { ComponentChildren, JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { ApiError } from "../api/client.ts";
import type { Resource } from "../api/resource.ts";

export type Tone = "good" | "warn" | "bad" | "calm";

export function Badge({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return <span class={`badge ${tone}`}>{children}</span>;
}

/** The heading that gets the focus after a navigation, and the window's title. `actions` stand beside it. */
export function Heading({ level = 1, title, path, actions, children }: { level?: 1 | 2; title: string; /** For the window, from near to far. */ path?: string[]; actions?: ComponentChildren; children?: ComponentChildren }) {
  const name = [title, ...(path ?? []), "Securebox"].join(" – ");
  useEffect(() => { document.title = name; }, [name]);
  const Tag = `h${level}` as "h1" | "h2";
  return (
    <div class="heading">
      <div><Tag tabIndex={-1} data-heading>{title}</Tag>{children}</div>
      {actions && <div class="actions">{actions}</div>}
    </div>
  );
}

export function Button({ kind = "plain", busy, children, ...rest }: { kind?: "plain" | "primary" | "danger" | "quiet"; busy?: boolean } & JSX.IntrinsicElements["button"]) {
  return <button type="button" class={`button ${kind}`} aria-disabled={busy} {...rest} onClick={busy ? undefined : rest.onClick}>{busy ? "One moment…" : children}</button>;
}

/** In words, with a retry. */
export function Failure({ error, retry }: { error: ApiError; retry?: () => void }) {
  return (
    <div class="note bad" role="alert">
      <p>{error.message}</p>
      {retry && <Button onClick={retry}>Try again</Button>}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children: ComponentChildren }) {
  return <div class="empty"><p class="empty-title">{title}</p>{children}</div>;
}

/** What is loaded, or why not, or that it is on its way. Older data stays in sight beside a newer error. */
export function Loaded<T>({ resource, children }: { resource: Resource<T>; children: (data: T) => ComponentChildren }) {
  const { data, error, reload } = resource;
  return (
    <>
      {error && <Failure error={error} retry={reload} />}
      {data !== undefined ? children(data) : !error && <Loading />}
    </>
  );
}

export function Loading() {
  return <div class="loading" role="status"><span class="sr-only">Loading…</span><span /><span /><span /></div>;
}

/** Terms and what they are, below or beside each other as there is room. */
export function Facts({ rows }: { rows: [term: string, value: ComponentChildren][] }) {
  return <dl class="facts">{rows.map(([term, value]) => <div key={term}><dt>{term}</dt><dd>{value}</dd></div>)}</dl>;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}
