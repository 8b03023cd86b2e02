// SPDX-License-Identifier: Apache-2.0
// One line per event on standard error, readable by people and, with format "json", by programs. The newest events are kept in a
// bounded ring for `securebox events`. The same event repeated too often is counted instead of written.
import type { Platform } from "quickjs-ts";

export const LEVELS = ["debug", "info", "warn", "error"] as const;
export type Level = (typeof LEVELS)[number];
/** `logd`: for procd, which gives lines of standard output to logd as daemon.info, those of standard error as daemon.err, each with its time. */
export const FORMATS = ["text", "json", "logd"] as const;
export type LogFormat = (typeof FORMATS)[number];
export type Fields = Record<string, string | number | boolean | undefined>;

/** One thing that happened. `sequence` counts from 1 in the life of the process; `time` is ISO 8601, UTC. */
export interface LogEvent {
  sequence: number;
  time: string;
  level: Level;
  event: string;
  fields: Fields;
}

export interface Log {
  debug(event: string, fields?: Fields): void;
  info(event: string, fields?: Fields): void;
  warn(event: string, fields?: Fields): void;
  /** `each`: written however often it comes, as what a person is to mend. */
  error(event: string, fields?: Fields, each?: boolean): void;
}

export interface LogOptions {
  level: Level;
  format: LogFormat;
  /** Events kept for `events`. Default 256. */
  kept?: number;
}

/** At most this many lines of one event within the window; the rest is counted and told with the next line ("repeated"). */
const BURST = 10;
const WINDOW_MS = 10_000;
/** Distinct events are few (they are literals of ours); the bound guards against a mistake. */
const MAX_TRACKED = 256;

interface Repeats { since: number; count: number }

export class EventLog implements Log {
  readonly #platform: Pick<Platform, "processes" | "time">;
  readonly #options: Required<LogOptions>;
  readonly #ring: LogEvent[] = [];
  readonly #repeats = new Map<string, Repeats>();
  readonly #followers = new Map<(event: LogEvent) => void, Level>();
  #sequence = 0;

  constructor(platform: Pick<Platform, "processes" | "time">, options: LogOptions) {
    this.#platform = platform;
    this.#options = { kept: 256, ...options };
  }

  /** From the next event on. */
  configure({ level, format }: Pick<LogOptions, "level" | "format">): void {
    Object.assign(this.#options, { level, format });
  }

  debug(event: string, fields: Fields = {}): void { this.#add("debug", event, fields); }
  info(event: string, fields: Fields = {}): void { this.#add("info", event, fields); }
  warn(event: string, fields: Fields = {}): void { this.#add("warn", event, fields); }
  error(event: string, fields: Fields = {}, each = false): void { this.#add("error", event, fields, each); }

  /** Events with a sequence above `after`, oldest first, as far as they are still kept. */
  since(after: number): LogEvent[] {
    return this.#ring.filter((event) => event.sequence > after);
  }

  /** Calls `follower` for every event of at least this level from now on, also for those below the log's own; returns the function that ends it. */
  follow(follower: (event: LogEvent) => void, level: Level = this.#options.level): () => void {
    this.#followers.set(follower, level);
    return () => this.#followers.delete(follower);
  }

  #add(level: Level, event: string, fields: Fields, each = false): void {
    const written = reaches(level, this.#options.level);
    if (!written && ![...this.#followers.values()].some((least) => reaches(level, least))) return;
    const repeated = each ? 0 : this.#admit(`${level} ${event}`);
    if (repeated === undefined) return;
    const time = new Date(this.#platform.time.date()).toISOString();
    const entry: LogEvent = { sequence: written ? ++this.#sequence : this.#sequence, time, level, event, fields: repeated > 0 ? { ...fields, repeated } : fields };
    if (written) this.#write(entry);
    for (const [follower, least] of this.#followers) if (reaches(level, least)) follower(entry);
  }

  #write(entry: LogEvent): void {
    this.#ring.push(entry);
    if (this.#ring.length > this.#options.kept) this.#ring.shift();
    const { processes } = this.#platform;
    const { format } = this.#options;
    if (format !== "logd") processes.stderr(`${format === "json" ? formatJson(entry) : formatText(entry)}\n`);
    else processes[reaches(entry.level, "warn") ? "stderr" : "stdout"](`${formatLogd(entry)}\n`);
  }

  /** How many lines of this event were left out since its last one; undefined: leave this one out as well. */
  #admit(key: string): number | undefined {
    const now = this.#platform.time.now();
    const seen = this.#repeats.get(key);
    if (seen && now - seen.since < WINDOW_MS) return ++seen.count > BURST ? undefined : 0;
    if (this.#repeats.size >= MAX_TRACKED) this.#repeats.clear();
    this.#repeats.set(key, { since: now, count: 1 });
    return seen ? Math.max(0, seen.count - BURST) : 0;
  }
}

function reaches(level: Level, least: Level): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(least);
}

/** `2026-11-23T04:00:00Z info switch ready version=1.4 changed=0` */
export function formatText(event: LogEvent): string {
  return `${event.time.slice(0, 19)}Z ${event.level} ${sentence(event)}`;
}

/** `switch ready version=1.4 changed=0`: the level only where the stream does not tell it. */
function formatLogd(event: LogEvent): string {
  return event.level === "warn" || event.level === "debug" ? `${event.level}: ${sentence(event)}` : sentence(event);
}

function sentence({ event, fields }: LogEvent): string {
  return event + Object.entries(fields).filter(([, value]) => value !== undefined).map(([name, value]) => ` ${name}=${quote(String(value))}`).join("");
}

function formatJson(event: LogEvent): string {
  return JSON.stringify({ time: event.time, level: event.level, event: event.event, ...event.fields });
}

/** Field values come from the network too (device names): anything but plain text is written as a JSON string, so a line stays one line. */
function quote(text: string): string {
  return /^[\w.:/@*,+-]+$/.test(text) ? text : JSON.stringify(text);
}
