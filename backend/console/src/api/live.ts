// SPDX-License-Identifier: Apache-2.0
// Server-sent events: what changed. One stream per page; the browser reconnects by itself, unless the backend refused, and then we do.
import type { LiveEvent } from "../../../src/ports.ts";

export type { LiveEvent };
/** "lost": since `since`, and whatever happened meanwhile is unknown. */
export interface LiveState { state: "connecting" | "live" | "lost"; since: number }
/** "resync": the stream is back after a gap; readers fetch everything again. */
export type Change = LiveEvent | { kind: "resync" };

const KINDS = ["network", "policy", "gateway", "devices", "event", "audit", "enrolment"];
const FIRST_RETRY = 2_000;
const LAST_RETRY = 30_000;

export class LiveConnection {
  state: LiveState = { state: "connecting", since: Date.now() };
  #source: EventSource | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #retry = FIRST_RETRY;
  readonly #readers = new Set<(change: Change) => void>();
  readonly #watchers = new Set<(state: LiveState) => void>();

  subscribe(read: (change: Change) => void): () => void {
    this.#readers.add(read);
    return () => void this.#readers.delete(read);
  }

  watch(watcher: (state: LiveState) => void): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  start(): void {
    const source = new EventSource("/api/v1/live");
    this.#source = source;
    source.onopen = () => this.#opened();
    source.onerror = () => this.#failed(source);
    const take = ({ data }: MessageEvent<string>): void => this.#tell(JSON.parse(data) as LiveEvent);
    source.onmessage = take;
    for (const kind of KINDS) source.addEventListener(kind, take);
    // The backend could not tell what was missed since the last identifier.
    source.addEventListener("resynchronise", () => this.#tell({ kind: "resync" }));
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#set("connecting");
  }

  #opened(): void {
    const gap = this.state.state === "lost";
    this.#retry = FIRST_RETRY;
    this.#set("live");
    if (gap) this.#tell({ kind: "resync" });
  }

  #failed(source: EventSource): void {
    if (this.state.state !== "lost") this.#set("lost");
    if (source.readyState !== EventSource.CLOSED) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.start(), this.#retry);
    this.#retry = Math.min(2 * this.#retry, LAST_RETRY);
  }

  #set(state: LiveState["state"]): void {
    this.state = { state, since: Date.now() };
    for (const watcher of this.#watchers) watcher(this.state);
  }

  #tell(change: Change): void {
    for (const read of this.#readers) read(change);
  }
}

export const live = new LiveConnection();
