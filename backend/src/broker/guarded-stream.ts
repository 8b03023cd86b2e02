// SPDX-License-Identifier: Apache-2.0
/*
 * Stands between a client's socket and aedes. What comes in has passed PacketLimit. What goes out never waits: aedes would hold one of its few delivery slots
 * for a client that does not read, and such a client would slow all others; here it is dropped when too much waits for it.
 */
import { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { Identity } from "./access.ts";
import { PacketLimit } from "./packet-limit.ts";

/** Bytes that may wait for one client: a large policy in each retained topic, and answers. */
const MAX_WAITING = 4 * 1024 * 1024;

export class GuardedStream extends Duplex {
  readonly #limit = new PacketLimit();

  constructor(private readonly socket: TLSSocket, readonly identity: Identity, readonly remote: string) {
    super({ highWaterMark: 64 * 1024 });
    socket.on("data", (chunk: Buffer) => this.#received(chunk));
    socket.on("end", () => this.push(null));
    socket.on("error", (error) => this.destroy(error));
    socket.on("close", () => this.destroy());
  }

  #received(chunk: Buffer): void {
    const problem = this.#limit.push(chunk);
    if (problem) this.destroy(new Error(problem));
    else if (!this.push(chunk)) this.socket.pause();
  }

  override _read(): void {
    this.socket.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    if (this.socket.destroyed) return done(new Error("the connection is closed"));
    if (this.socket.writableLength > MAX_WAITING) return done(new Error(`does not read: ${this.socket.writableLength} bytes wait for it`));
    this.socket.write(chunk);
    done();
  }

  override _writev(chunks: { chunk: Buffer; encoding: string }[], done: (error?: Error) => void): void {
    this._write(Buffer.concat(chunks.map(({ chunk, encoding }) => (typeof chunk === "string" ? Buffer.from(chunk, encoding as BufferEncoding) : chunk))), "", done);
  }

  override _final(done: () => void): void {
    this.socket.end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#closeSocket(error);
    done(error);
  }

  /** A refusal's CONNACK is still on its way when aedes destroys the stream: it may leave, for a second. */
  #closeSocket(error: Error | null): void {
    if (error || this.socket.destroyed) return void this.socket.destroy();
    this.socket.end();
    setTimeout(() => this.socket.destroy(), 1_000).unref();
  }
}
