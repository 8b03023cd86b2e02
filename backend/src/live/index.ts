// SPDX-License-Identifier: Apache-2.0
/*
 * What changed, told to every process of the backend by NOTIFY, this one included. Events of 20 ms are sent together, equal ones once. Bounded: at most
 * MAX_WAITING wait for the database, then the newest are dropped and counted; who follows them closely reads the tables anyway.
 */
import type { Database, Live, LiveEvent } from "../ports.ts";

const CHANNEL = "securebox_live";
const GATHER = 20;
const MAX_WAITING = 2000;
/** PostgreSQL takes payloads below 8,000 bytes. */
const MAX_PAYLOAD = 7900;

export interface LiveOptions {
  database: Database;
  log: (level: "debug" | "info" | "warn" | "error", event: string, fields?: Record<string, unknown>) => void;
}

export interface OwnLive extends Live {
  /** Notifications may have been missed: everything that was concluded from them is doubtful. */
  onMissed(handler: () => void): void;
  /** Sends what waits. */
  close(): Promise<void>;
}

/** Rejects when the database does not let us listen. */
export async function openLive({ database, log }: LiveOptions): Promise<OwnLive> {
  const live = new DatabaseLive(database, log);
  await live.open();
  return live;
}

class DatabaseLive implements OwnLive {
  readonly #receivers = new Set<(event: LiveEvent) => void>();
  readonly #missed: (() => void)[] = [];
  /** By content: equal events are one. */
  readonly #waiting = new Map<string, LiveEvent>();
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;
  #sending = Promise.resolve();
  #end: () => Promise<void> = async () => {};

  constructor(private readonly database: Database, private readonly log: LiveOptions["log"]) {}

  async open(): Promise<void> {
    this.#end = await this.database.listen(CHANNEL, (payload) => this.#received(payload));
  }

  emit(event: LiveEvent): void {
    if (this.#waiting.size >= MAX_WAITING) {
      this.#dropped++;
      return;
    }
    this.#waiting.set(event.kind === "event" ? `event ${event.id}` : JSON.stringify(event), event);
    this.#timer ??= setTimeout(() => this.#flush(), GATHER);
  }

  subscribe(receive: (event: LiveEvent) => void): () => void {
    this.#receivers.add(receive);
    return () => void this.#receivers.delete(receive);
  }

  onMissed(handler: () => void): void {
    this.#missed.push(handler);
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#flush();
    await this.#sending;
    await this.#end();
  }

  #flush(): void {
    this.#timer = undefined;
    const events = [...this.#waiting.values()];
    this.#waiting.clear();
    if (this.#dropped > 0) this.log("warn", "live.dropped", { count: this.#dropped });
    this.#dropped = 0;
    for (const payload of payloadsOf(events)) this.#sending = this.#sending.then(() => this.#send(payload));
  }

  async #send(payload: string): Promise<void> {
    await this.database.notify(CHANNEL, payload).catch((error: Error) => this.log("warn", "live.failed", { error: error.message }));
  }

  #received(payload: string): void {
    if (payload === "") for (const handler of this.#missed) handler();
    else for (const event of JSON.parse(payload) as LiveEvent[]) for (const receive of this.#receivers) this.#give(receive, event);
  }

  #give(receive: (event: LiveEvent) => void, event: LiveEvent): void {
    try {
      receive(event);
    } catch (error) {
      this.log("error", "live.receiver", { error: String(error) });
    }
  }
}

/** JSON lists of events, each short enough. An event that is too long alone goes without its fields: readers fetch them. */
function* payloadsOf(events: readonly LiveEvent[]): Iterable<string> {
  let list: string[] = [];
  let length = 2;
  for (const event of events) {
    const text = short(event);
    const size = Buffer.byteLength(text) + 1;
    if (length + size > MAX_PAYLOAD) {
      yield `[${list.join(",")}]`;
      [list, length] = [[], 2];
    }
    list.push(text);
    length += size;
  }
  if (list.length > 0) yield `[${list.join(",")}]`;
}

function short(event: LiveEvent): string {
  const text = JSON.stringify(event);
  if (event.kind !== "event" || Buffer.byteLength(text) <= MAX_PAYLOAD - 10) return text;
  return JSON.stringify({ ...event, event: { ...event.event, fields: { truncated: true } } });
}
