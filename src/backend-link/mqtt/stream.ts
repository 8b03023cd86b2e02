// SPDX-License-Identifier: Apache-2.0
// A stream of the platform as MQTT.js wants one: what it calls of a Node.js Duplex, and no more.
import EventEmitter from "events";
import type { Stream, StreamHandlers } from "quickjs-ts";
import { FrameGuard } from "./frames.ts";

/** Where the bytes of the broker go: MQTT.js's parser. */
interface Sink {
  write(chunk: Uint8Array): boolean;
  on(event: "drain", listener: () => void): unknown;
}

const encoder = new TextEncoder();

export class MqttStream extends EventEmitter {
  readonly #stream: Stream;
  readonly #guard: FrameGuard;
  #corked: Uint8Array[] | undefined;
  #sink: Sink | undefined;
  #early: Uint8Array[] = [];
  #closed = false;
  /** Why it ended; undefined while it lives, and after an orderly end. */
  reason: string | undefined;

  constructor(open: (handlers: StreamHandlers) => Stream, maxPacket: number) {
    super();
    this.#guard = new FrameGuard(maxPacket);
    this.#stream = open({
      data: (chunk) => this.#data(chunk),
      drain: () => this.emit("drain"),
      end: () => this.#stream.destroy(),
      close: (error) => {
        this.#closed = true;
        this.reason ??= error?.message;
        this.emit("close");
      },
    });
  }

  get queued(): number { return this.#stream.queued; }
  get destroyed(): boolean { return this.#closed; }

  pipe(sink: Sink): Sink {
    this.#sink = sink;
    sink.on("drain", () => !this.#closed && this.#stream.resume());
    for (const chunk of this.#early.splice(0)) sink.write(chunk);
    return sink;
  }

  write(chunk: Uint8Array | string, ...rest: unknown[]): boolean {
    const bytes = typeof chunk === "string" ? encoder.encode(chunk) : chunk;
    if (this.#corked) this.#corked.push(bytes);
    const room = this.#corked || this.#closed ? true : this.#stream.write(bytes);
    const done = rest.find((each) => typeof each === "function") as (() => void) | undefined;
    if (done) void Promise.resolve().then(done);
    return room;
  }

  /** One packet is written in many pieces between cork and uncork; they leave as one record of TLS. */
  cork(): void {
    this.#corked ??= [];
  }

  uncork(): void {
    const pieces = this.#corked;
    this.#corked = undefined;
    if (pieces && pieces.length > 0 && !this.#closed) this.#stream.write(joined(pieces));
  }

  end(done?: () => void): void {
    this.uncork();
    this.#stream.end();
    if (done) this.once("close", done);
  }

  destroy(error?: Error): void {
    this.reason ??= error?.message;
    this.#stream.destroy();
  }

  #data(chunk: Uint8Array): void {
    const reason = this.#guard.check(chunk);
    if (reason !== undefined) return this.destroy(new Error(reason));
    if (!this.#sink) this.#early.push(chunk);
    else if (!this.#sink.write(chunk)) this.#stream.pause();
  }
}

function joined(pieces: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
