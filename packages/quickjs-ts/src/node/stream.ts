// SPDX-License-Identifier: Apache-2.0
import type { Socket } from "node:net";
import type { Stream, StreamHandlers } from "../ports/net.ts";
import type { PlatformError } from "../ports/error.ts";
import { platformError } from "./error.ts";

/** Default of ConnectOptions.highWaterMark. */
export const defaultHighWaterMark = 65_536;
/** Default of ConnectOptions.timeout. */
export const defaultTimeout = 10_000;

/** A Node socket behind the Stream interface. The socket must allow half-open connections. */
export class NodeStream implements Stream {
  /** Why the stream will close, where the socket's own event would not tell. */
  failure: PlatformError | undefined;
  /** Set once `destroy` was called: its close is no failure. */
  destroyed = false;
  #ending = false;
  #starved = false;

  constructor(protected readonly socket: Socket, private readonly subject: string, private readonly highWaterMark = defaultHighWaterMark) {}

  /** Connects the socket's events with the handlers; `errorOf` names errors. */
  attach(handlers: StreamHandlers, errorOf = (cause: Error) => platformError("connect", this.subject, cause)): void {
    const { socket } = this;
    socket.on("data", (chunk: Buffer) => handlers.data(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)));
    socket.on("drain", () => this.#drained(handlers));
    socket.on("end", () => handlers.end?.());
    socket.on("error", (cause) => { this.failure ??= errorOf(cause); });
    socket.on("close", () => handlers.close(this.failure));
  }

  #drained(handlers: StreamHandlers): void {
    if (!this.#starved) return;
    this.#starved = false;
    handlers.drain?.();
  }

  write(data: Uint8Array): boolean {
    if (this.#ending || this.socket.destroyed || this.failure) return false;
    this.socket.write(data);
    this.#starved ||= this.queued > this.highWaterMark;
    return !this.#starved;
  }

  get queued(): number {
    return this.socket.writableLength;
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  end(): void {
    this.#ending = true;
    this.socket.end();
  }

  destroy(): void {
    this.#ending = true;
    this.destroyed = true;
    this.socket.destroy();
  }
}
