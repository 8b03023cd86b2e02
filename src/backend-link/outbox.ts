// SPDX-License-Identifier: Apache-2.0
/*
 * Events until the backend's database has them: bounded, numbered, and on flash now and then.
 *
 * Every start of the program is a stream of its own with a random name, counted from 0, so that no number is ever used for two events, whatever a crash
 * took with it. Events that an earlier start left on flash keep their stream and number: sent twice, they are stored once.
 */
import type { Events, GatewayEvent } from "@securebox/contract";
import type { Millis } from "quickjs-ts";

export const MAX_EVENTS = 512;
export const MAX_BYTES = 65_536;
/** Events of one message. */
export const BATCH = 64;
const MAX_FIELDS = 24;
const MAX_TEXT = 400;
/** Writes to flash in any hour; one more at a clean stop. */
export const WRITES_PER_HOUR = 12;
const HOUR: Millis = 3_600_000;
/** What happened is written after this time, errors sooner, as far as the hour's writes allow. */
const SAVE_AFTER: Millis = HOUR / WRITES_PER_HOUR;
const SAVE_ERROR_AFTER: Millis = 5000;

export type Level = GatewayEvent["level"];
const LEVELS: readonly Level[] = ["debug", "info", "warn", "error"];
const rank = (level: Level): number => LEVELS.indexOf(level);

interface Entry { stream: string; event: GatewayEvent; size: number }
/** As it is on flash. */
interface Saved { lost: number; entries: { stream: string; event: GatewayEvent }[] }

export class Outbox {
  readonly stream: string;
  #entries: Entry[] = [];
  readonly #perLevel = LEVELS.map(() => 0);
  #bytes = 0;
  #next = 0;
  #lost = 0;
  /** Since when flash is behind, and whether an error is among it. */
  #dirtySince: Millis | undefined;
  #urgentSince: Millis | undefined;
  /** When the writes of the last hour were. */
  #writes: Millis[] = [];
  #savedEmpty: boolean;

  /** `saved`: what `toSave` gave before the last stop, or anything else, which is treated as nothing. */
  constructor(stream: string, saved: unknown) {
    this.stream = stream;
    const kept = readSaved(saved);
    this.#lost = kept.lost;
    for (const { stream: of, event } of kept.entries) this.#push({ stream: of, event, size: sizeOf(event) });
    this.#savedEmpty = this.#entries.length === 0;
  }

  get size(): number { return this.#entries.length; }
  get bytes(): number { return this.#bytes; }
  get lost(): number { return this.#lost; }
  /** Of this start's stream: the first event that is still here, or the next one. */
  get first(): number { return this.#entries.find((entry) => entry.stream === this.stream)?.event.n ?? this.#next; }

  /** Takes an event; the oldest of the lowest level makes room, which may be this one. */
  add(level: Level, event: string, fields: Record<string, string | number | boolean | undefined>, at: number | undefined, now: Millis): void {
    const entry: GatewayEvent = { n: this.#next++, ...(at === undefined ? {} : { at }), level, event: cut(event), fields: bounded(fields) };
    this.#push({ stream: this.stream, event: entry, size: sizeOf(entry) });
    this.#dirtySince ??= now;
    if (level === "error") this.#urgentSince ??= now;
  }

  /** The next events to send, all of one stream; undefined: none. They stay until they are acknowledged. */
  batch(): Events | undefined {
    const stream = this.#entries[0]?.stream;
    if (stream === undefined) return undefined;
    const end = this.#entries.findIndex((entry) => entry.stream !== stream);
    return { stream, events: this.#entries.slice(0, end < 0 ? BATCH : Math.min(BATCH, end)).map(({ event }) => event) };
  }

  /** The database has everything of the stream up to number `stored`. Returns how many events that was news about. */
  acknowledge(stream: string, stored: number, now: Millis): number {
    const before = this.#entries.length;
    this.#entries = this.#entries.filter((entry) => {
      if (entry.stream !== stream || entry.event.n > stored) return true;
      this.#forget(entry);
      return false;
    });
    if (this.#entries.length < before) this.#dirtySince ??= now;
    return before - this.#entries.length;
  }

  /** When `toSave` has something; undefined: not before a change. */
  saveDue(): Millis | undefined {
    if (this.#dirtySince === undefined || (this.#savedEmpty && this.#entries.length === 0)) return undefined;
    const wanted = Math.min(this.#dirtySince + SAVE_AFTER, (this.#urgentSince ?? Infinity) + SAVE_ERROR_AFTER);
    const allowed = this.#writes.length < WRITES_PER_HOUR ? -Infinity : this.#writes[0]! + HOUR;
    return Math.max(wanted, allowed);
  }

  /** What is to be written now, if anything; counts as a write, whether it succeeds or not. `stopping`: whatever is not on flash yet. */
  toSave(now: Millis, stopping = false): unknown {
    const due = this.saveDue();
    if (due === undefined || (!stopping && now < due)) return undefined;
    this.#writes = [...this.#writes, now].slice(-WRITES_PER_HOUR);
    this.#dirtySince = this.#urgentSince = undefined;
    this.#savedEmpty = this.#entries.length === 0;
    return { lost: this.#lost, entries: this.#entries.map(({ stream, event }) => ({ stream, event })) } satisfies Saved;
  }

  /** Writing failed: it is tried again with the next write that is allowed. */
  notSaved(now: Millis): void {
    this.#savedEmpty = false;
    this.#dirtySince ??= now;
  }

  #push(entry: Entry): void {
    this.#entries.push(entry);
    this.#bytes += entry.size;
    this.#perLevel[rank(entry.event.level)]!++;
    while (this.#entries.length > MAX_EVENTS || this.#bytes > MAX_BYTES) this.#dropOne();
  }

  #dropOne(): void {
    const lowest = this.#perLevel.findIndex((count) => count > 0);
    const index = this.#entries.findIndex((entry) => rank(entry.event.level) === lowest);
    this.#forget(this.#entries.splice(index, 1)[0]!);
    this.#lost++;
  }

  #forget(entry: Entry): void {
    this.#bytes -= entry.size;
    this.#perLevel[rank(entry.event.level)]!--;
  }
}

const encoder = new TextEncoder();
const sizeOf = (event: GatewayEvent): number => encoder.encode(JSON.stringify(event)).length;
const cut = (text: string): string => (text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text);

function bounded(fields: Record<string, string | number | boolean | undefined>): GatewayEvent["fields"] {
  const kept = Object.entries(fields).filter((pair): pair is [string, string | number | boolean] => pair[1] !== undefined && !Number.isNaN(pair[1]));
  return Object.fromEntries(kept.slice(0, MAX_FIELDS).map(([name, value]) => [cut(name), typeof value === "string" ? cut(value) : value]));
}

/** Flash is not believed either: what does not look like events is left out. */
function readSaved(saved: unknown): Saved {
  const { lost, entries } = (typeof saved === "object" && saved !== null ? saved : {}) as Partial<Record<keyof Saved, unknown>>;
  return {
    lost: Number.isSafeInteger(lost) ? Math.max(0, lost as number) : 0,
    entries: Array.isArray(entries) ? entries.slice(-MAX_EVENTS).filter(isEntry) : [],
  };
}

function isEntry(value: unknown): value is Saved["entries"][number] {
  const { stream, event } = (value ?? {}) as Partial<Saved["entries"][number]>;
  return typeof stream === "string" && typeof event === "object" && event !== null && Number.isSafeInteger(event.n) && event.n >= 0
    && LEVELS.includes(event.level) && typeof event.event === "string" && typeof event.fields === "object" && event.fields !== null;
}
