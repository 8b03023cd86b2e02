// SPDX-License-Identifier: Apache-2.0
// Server-sent events (HTML standard, section 9.2) to any number of readers, none of which can make us keep more than a stated amount.
import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import { RequestError, type Actor, type Live, type LiveEvent } from "../ports.ts";
import { mayActAs, maySee } from "./roles.ts";
import type { Caller } from "./types.ts";

export const HEARTBEAT = 15_000;
/** Bytes that may wait for one reader. */
const MAX_QUEUED = 256 * 1024;
/** Events remembered for readers that come back. */
const REMEMBERED = 512;
const MAX_READERS = 500;
const MAX_OF_ONE = 20;

interface Reader { response: ServerResponse; caller: Caller; network: string | undefined }

export class LiveHub {
  readonly #readers = new Set<Reader>();
  readonly #recent: { n: number; event: LiveEvent }[] = [];
  /** Tells the numbers of this process's run from those of another. */
  readonly #run = randomBytes(4).toString("hex");
  readonly #unsubscribe: () => void;
  readonly #timer: NodeJS.Timeout;
  #n = 0;

  constructor(live: Live, private readonly stillValid: (caller: Caller) => Promise<boolean>, heartbeat = HEARTBEAT) {
    this.#unsubscribe = live.subscribe((event) => this.#take(event));
    this.#timer = setInterval(() => void this.#beat(), heartbeat).unref();
  }

  get readers(): number { return this.#readers.size; }

  /** Throws a RequestError 429 when there are too many readers. */
  async serve(request: FastifyRequest, reply: FastifyReply, caller: Caller, network: string | undefined): Promise<void> {
    const mine = [...this.#readers].filter((reader) => reader.caller.actor.name === caller.actor.name);
    if (this.#readers.size >= MAX_READERS || mine.length >= MAX_OF_ONE) throw new RequestError(429, "too many live streams are open", { retryAfter: 10 });
    const reader = { response: reply.raw, caller, network };
    reply.hijack();
    reply.raw.writeHead(200, { ...(reply.getHeaders() as Record<string, string>), "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" });
    reply.raw.on("close", () => this.#readers.delete(reader));
    reply.raw.write(`retry: 2000\nid: ${this.#run}-${this.#n}\nevent: ready\ndata: {}\n\n`);
    this.#catchUp(reader, request.headers["last-event-id"]);
    this.#readers.add(reader);
  }

  close(): void {
    this.#unsubscribe();
    clearInterval(this.#timer);
    for (const { response } of this.#readers) response.end();
  }

  #catchUp(reader: Reader, last: unknown): void {
    if (typeof last !== "string") return;
    const [run, n = ""] = last.split("-");
    const oldest = this.#recent[0]?.n ?? this.#n + 1;
    const known = run === this.#run && /^\d{1,15}$/.test(n) && Number(n) <= this.#n && Number(n) >= oldest - 1;
    if (!known) this.#write(reader, "event: resynchronise\ndata: {}\n\n");
    else for (const item of this.#recent) if (item.n > Number(n)) this.#send(reader, item.n, item.event);
  }

  #take(event: LiveEvent): void {
    this.#recent.push({ n: ++this.#n, event });
    if (this.#recent.length > REMEMBERED) this.#recent.shift();
    for (const reader of this.#readers) this.#send(reader, this.#n, event);
  }

  #send(reader: Reader, n: number, event: LiveEvent): void {
    if (concerns(event, reader.caller.actor, reader.network)) this.#write(reader, `id: ${this.#run}-${n}\nevent: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`);
  }

  #write(reader: Reader, text: string): void {
    if (reader.response.writableLength > MAX_QUEUED) {
      this.#readers.delete(reader);
      reader.response.destroy();
    } else reader.response.write(text);
  }

  /** Shows dead connections to TCP, and ends streams of tokens and sessions that count no more. */
  async #beat(): Promise<void> {
    for (const reader of [...this.#readers]) {
      this.#write(reader, ":\n\n");
      if (await this.stillValid(reader.caller).catch(() => true)) continue;
      this.#readers.delete(reader);
      reader.response.end();
    }
  }
}

/** Whether this actor may know of it, and wants to. */
export function concerns(event: LiveEvent, actor: Actor, network: string | undefined): boolean {
  if (!("network" in event)) return event.kind === "enrolment" || (mayActAs(actor.role, "operator") && actor.networks === undefined);
  return maySee(actor, event.network) && (network === undefined || network === event.network);
}
