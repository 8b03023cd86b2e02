// SPDX-License-Identifier: Apache-2.0
// Server-sent events: what changed. Read by fetch, not EventSource, which hides the backend's heartbeats and so never notices a connection that died silently.
import type { LiveEvent } from "../../../src/ports.ts";

export type { LiveEvent };
/** "lost": since `since`, and whatever happened meanwhile is unknown. */
export interface LiveState { state: "connecting" | "live" | "lost"; since: number }
/** "resync": the stream is back after a gap; readers fetch everything again. */
export type Change = LiveEvent | { kind: "resync" };

const KINDS = new Set(["network", "policy", "gateway", "devices", "event", "audit", "enrolment"]);
const FIRST_RETRY = 1_000;
const LAST_RETRY = 15_000;
/** Loads wait this long for the stream, so that no change falls between the two. Milliseconds. */
const HEAD_START = 1_000;
/** The backend says something each 15 s (HEARTBEAT in backend/src/api/live-hub.ts); silence as long as this is a dead connection. Milliseconds. */
const SILENCE = 35_000;
/** Characters of one event; a longer one is none of ours. */
const MAX_BLOCK = 1_000_000;

export class LiveConnection {
  state: LiveState = { state: "connecting", since: Date.now() };
  /** The stream is open, or has used up its head start. */
  ready: Promise<void> = Promise.resolve();
  #late = false;
  #open: () => void = () => {};
  #abort: AbortController | undefined;
  readonly #readers = new Set<(change: Change) => void>();
  readonly #watchers = new Set<(state: LiveState) => void>();

  constructor(private readonly url = "/api/v1/live", private readonly silence = SILENCE) {}

  subscribe(read: (change: Change) => void): () => void {
    this.#readers.add(read);
    return () => void this.#readers.delete(read);
  }

  watch(watcher: (state: LiveState) => void): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  start(): void {
    this.stop();
    this.#late = false;
    this.ready = new Promise((resolve) => {
      this.#open = resolve;
      setTimeout(() => { this.#late = true; resolve(); }, HEAD_START);
    });
    this.#abort = new AbortController();
    void this.#run(this.#abort.signal);
  }

  stop(): void {
    this.#abort?.abort();
    this.#set("connecting");
  }

  async #run(stopped: AbortSignal): Promise<void> {
    for (let retry = FIRST_RETRY; !stopped.aborted; retry = Math.min(2 * retry, LAST_RETRY)) {
      const opened = await this.#follow(stopped).catch(() => false);
      if (stopped.aborted) return;
      if (opened) retry = FIRST_RETRY;
      if (this.state.state !== "lost") this.#set("lost");
      await new Promise((resolve) => setTimeout(resolve, retry));
    }
  }

  /** Until the stream ends or falls silent; whether there was one. */
  async #follow(stopped: AbortSignal): Promise<boolean> {
    const dead = new AbortController();
    let timer = setTimeout(() => dead.abort(), this.silence);
    const alive = (): void => { clearTimeout(timer); timer = setTimeout(() => dead.abort(), this.silence); };
    let opened = false;
    try {
      const response = await fetch(this.url, { credentials: "same-origin", headers: { accept: "text/event-stream" }, signal: AbortSignal.any([stopped, dead.signal]) });
      if (!response.ok || !response.body) return false;
      opened = true;
      this.#opened();
      let rest = "";
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let { done, value = "" } = await reader.read(); !done; { done, value = "" } = await reader.read()) {
        alive();
        const blocks = (rest + value).split("\n\n");
        rest = blocks.pop()!;
        if (rest.length > MAX_BLOCK) dead.abort();
        blocks.forEach((block) => this.#take(block));
      }
      return true;
    } catch {
      return opened;
    } finally {
      clearTimeout(timer);
    }
  }

  #take(block: string): void {
    const field = (name: string): string | undefined => block.split("\n").find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
    const [event, data] = [field("event"), field("data")];
    if (event && data && KINDS.has(event)) this.#tell(JSON.parse(data) as LiveEvent);
  }

  #opened(): void {
    const gap = this.state.state === "lost" || this.#late && this.state.state === "connecting";
    this.#set("live");
    this.#open();
    if (gap) this.#tell({ kind: "resync" });
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
