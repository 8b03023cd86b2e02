// SPDX-License-Identifier: Apache-2.0
import { PlatformError } from "../ports/error.ts";
import type { Address, ConnectOptions, Datagram, DatagramSocket, Listener, Net, Stream, StreamHandlers } from "../ports/net.ts";
import type { Millis } from "../ports/time.ts";
import type { FakeTime } from "./time.ts";

const print = (address: Address): string => ("unix" in address ? address.unix : `${address.host}:${address.port}`);

/** One end of a connection; the other end is `peer`. Bytes wait at the sender while the receiver is paused. */
export class FakeStream implements Stream {
  peer: FakeStream | undefined;
  handlers: StreamHandlers = { data() {}, close() {} };
  protocol = "";
  alpn: string | undefined;
  #queue: Uint8Array[] = [];
  #size = 0;
  #open = false;
  #paused = false;
  #starved = false;
  #ending = false;
  #ended = false;
  #heardEnd = false;
  #closed = false;

  constructor(private readonly net: FakeNet, readonly subject: string, private readonly highWaterMark = 65_536) {}

  get queued(): number {
    return this.#size;
  }
  write(data: Uint8Array): boolean {
    if (this.#closed || this.#ending) return false;
    this.#queue.push(data.slice());
    this.#size += data.length;
    this.#starved ||= this.#size > this.highWaterMark;
    this.#soon(() => this.#pump());
    return !this.#starved;
  }
  pause(): void {
    this.#paused = true;
  }
  resume(): void {
    this.#paused = false;
    const { peer } = this;
    if (peer) peer.#soon(() => peer.#pump());
  }
  end(): void {
    this.#ending = true;
    this.#soon(() => this.#pump());
  }
  destroy(): void {
    this.fail(undefined, this.#queue.length > 0 || !this.#ended ? "ECONNRESET" : undefined);
  }

  /** Breaks the connection with `error` at this end; the peer sees an end, or `peerCode`. */
  fail(error: PlatformError | undefined, peerCode?: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#soon(() => this.handlers.close(error));
    const { peer } = this;
    if (!peer || peer.#closed) return;
    if (error && peerCode) peer.fail(new PlatformError("read", peerCode, peer.subject));
    else this.#soon(() => peer.#hearEnd());
  }

  /** Called once by the net when the connection stands. */
  establish(): void {
    if (this.#closed) return;
    this.#open = true;
    this.handlers.open?.();
    this.#pump();
  }

  #soon(run: () => void): void {
    this.net.time.after(this.net.latency, run);
  }
  #pump(): void {
    const { peer } = this;
    if (!this.#open || this.#closed || !peer || !peer.#open || peer.#closed) return;
    while (this.#queue.length > 0 && !peer.#paused && !peer.#closed) {
      const chunk = this.#queue.shift()!;
      this.#size -= chunk.length;
      peer.handlers.data(chunk);
    }
    if (this.#queue.length > 0) return;
    if (this.#starved && !this.#ending) {
      this.#starved = false;
      this.handlers.drain?.();
    }
    if (this.#ending && !this.#ended && this.#size === 0) {
      this.#ended = true;
      peer.#hearEnd();
      this.#closeIfBoth();
    }
  }
  #hearEnd(): void {
    if (this.#heardEnd || this.#closed) return;
    this.#heardEnd = true;
    this.handlers.end?.();
    this.#closeIfBoth();
  }
  #closeIfBoth(): void {
    if (this.#ended && this.#heardEnd && !this.#closed) {
      this.#closed = true;
      this.#soon(() => this.handlers.close());
    }
  }
}

type Accept = (stream: Stream) => StreamHandlers;

/** A network inside the process. */
export class FakeNet implements Net {
  /** Of every delivery, milliseconds. */
  latency: Millis = 0;
  /** Addresses (as "host:port" or path) whose connections get no answer. */
  readonly silent = new Set<string>();
  /** Datagrams are dropped while this returns true. */
  loses: (datagram: Datagram, to: string) => boolean = () => false;
  /** Every connection ever made, the connecting ends. */
  readonly streams: FakeStream[] = [];
  readonly #listeners = new Map<string, { accept: Accept; highWaterMark?: number }>();
  readonly #sockets = new Map<string, (datagram: Datagram) => void>();
  #port = 40_000;

  constructor(readonly time: FakeTime) {}

  connect(address: Address, handlers: StreamHandlers, { timeout = 10_000, highWaterMark }: ConnectOptions = {}): FakeStream {
    const subject = print(address);
    const stream = new FakeStream(this, subject, highWaterMark);
    stream.handlers = handlers;
    this.streams.push(stream);
    if (this.silent.has(subject)) this.time.after(timeout, () => stream.fail(new PlatformError("connect", "ETIMEDOUT", subject)));
    else this.time.after(this.latency, () => this.#arrive(stream, "unix" in address));
    return stream;
  }
  #arrive(stream: FakeStream, isUnix: boolean): void {
    const listener = this.#listeners.get(stream.subject);
    if (!listener) return stream.fail(new PlatformError("connect", isUnix ? "ENOENT" : "ECONNREFUSED", stream.subject));
    const accepted = new FakeStream(this, stream.subject, listener.highWaterMark);
    [stream.peer, accepted.peer] = [accepted, stream];
    accepted.handlers = listener.accept(accepted);
    accepted.establish();
    stream.establish();
  }
  listen(address: Address, accept: Accept, { highWaterMark }: { highWaterMark?: number } = {}): Listener {
    const bound: Address = !("unix" in address) && address.port === 0 ? { host: address.host, port: this.#port++ } : address;
    const name = print(bound);
    if (this.#listeners.has(name)) throw new PlatformError("listen", "EADDRINUSE", name);
    this.#listeners.set(name, { accept, highWaterMark });
    return { address: bound, close: () => void this.#listeners.delete(name) };
  }
  datagram({ host, port }: { host: string; port: number }, receive: (datagram: Datagram) => void): DatagramSocket {
    const chosen = port || this.#port++;
    const name = `${host}:${chosen}`;
    if (this.#sockets.has(name)) throw new PlatformError("bind", "EADDRINUSE", name);
    this.#sockets.set(name, receive);
    const send = (data: Uint8Array, toHost: string, toPort: number): boolean => {
      const datagram = { data: data.slice(), host, port: chosen };
      const to = `${toHost}:${toPort}`;
      if (!this.loses(datagram, to)) this.time.after(this.latency, () => this.#sockets.get(to)?.(datagram));
      return true;
    };
    return { port: chosen, send, close: () => void this.#sockets.delete(name) };
  }
}
