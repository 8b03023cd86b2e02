// SPDX-License-Identifier: Apache-2.0
// Keeps one connection to one of several remotes, by the reconnect machine, over the ports that are passed in.
import type { Address, Millis, Net, Stream, Time, Timer, Timers } from "quickjs-ts";
import { QueueFullError } from "./errors.ts";
import { Reconnect, type ReconnectOptions } from "./reconnect.ts";

/** What a client needs of the machine. */
export interface Ports {
  net: Net;
  timers: Timers;
  time: Time;
}

export interface ConnectionOptions {
  remotes: readonly Address[];
  reconnect?: ReconnectOptions;
  /** Deadline of one attempt to connect. Default 10,000. */
  connectTimeout?: Millis;
  /** Bytes queued towards the peer above which `send` throws QueueFullError. Default 1 MiB. */
  maxQueued?: number;
}

/** Called with a generation counter: what belongs to an older generation is out of date. */
export interface ConnectionHandlers {
  opened(generation: number): void;
  data(chunk: Uint8Array): void;
  /** Time to ask for a sign of life. */
  probe(): void;
  drained?(): void;
  /** Exactly once for every `opened`; also for attempts that never opened (`opened: false`). */
  closed(reason: string, opened: boolean): void;
}

export class Connection {
  /** Raised with every attempt. */
  generation = 0;
  #stream: Stream | undefined;
  #opened = false;
  #remote = 0;
  #timer: Timer | undefined;
  readonly #machine: Reconnect;
  readonly #maxQueued: number;

  constructor(readonly ports: Ports, readonly options: ConnectionOptions, readonly handlers: ConnectionHandlers) {
    if (options.remotes.length === 0) throw new TypeError("remotes: expected at least one address");
    this.#machine = new Reconnect({ freeTries: options.remotes.length - 1, ...options.reconnect });
    this.#maxQueued = options.maxQueued ?? 1 << 20;
  }

  get connected(): boolean {
    return this.#opened;
  }

  /** Bytes not yet given to the kernel. */
  get queued(): number {
    return this.#stream?.queued ?? 0;
  }

  start(): void {
    this.#machine.enable(this.ports.time.now());
    this.#schedule();
  }

  stop(reason = "closed"): void {
    this.#machine.disable(this.ports.time.now());
    this.#lose(reason);
  }

  /** Gives the present connection up (a protocol error, or the wrong server) and goes on with the next remote. */
  next(reason: string): void {
    this.#lose(reason);
  }

  /** Queues bytes; false: wait for `drained` before sending much more. Throws QueueFullError when the bound is passed, and then queues nothing. */
  send(data: Uint8Array, operation: string): boolean {
    const stream = this.#stream;
    if (!stream || !this.#opened) throw new Error(`${operation}: not connected`);
    if (stream.queued + data.length > this.#maxQueued) throw new QueueFullError(operation, this.#maxQueued);
    return stream.write(data);
  }

  #run(): void {
    for (;;) {
      const action = this.#machine.run(this.ports.time.now());
      if (action === undefined) break;
      if (action === "connect") this.#connect();
      else if (action === "probe") this.handlers.probe();
      else this.#lose("the peer is silent");
    }
    this.#schedule();
  }

  #connect(): void {
    const generation = ++this.generation;
    const current = (): boolean => generation === this.generation && this.#stream !== undefined;
    this.#machine.connecting(this.ports.time.now());
    const remote = this.options.remotes[this.#remote++ % this.options.remotes.length]!;
    this.#stream = this.ports.net.connect(remote, {
      open: () => current() && this.#open(),
      data: (chunk) => current() && this.#data(chunk),
      drain: () => current() && this.handlers.drained?.(),
      end: () => current() && this.#lose("the peer closed the connection"),
      close: (error) => current() && this.#lose(error?.message ?? "the peer closed the connection"),
    }, { timeout: this.options.connectTimeout ?? 10_000 });
  }

  #open(): void {
    this.#opened = true;
    this.#machine.connectedNow(this.ports.time.now());
    this.handlers.opened(this.generation);
    this.#schedule();
  }

  #data(chunk: Uint8Array): void {
    this.#machine.activity(this.ports.time.now());
    this.handlers.data(chunk);
  }

  #lose(reason: string): void {
    const stream = this.#stream;
    const opened = this.#opened;
    this.#stream = undefined;
    this.#opened = false;
    if (stream) {
      this.#machine.disconnected(this.ports.time.now());
      stream.destroy();
      this.handlers.closed(reason, opened);
    }
    this.#schedule();
  }

  // Activity moves the deadline on without touching the timer: a timer that fires early finds nothing due and is set anew.
  #schedule(): void {
    this.#timer?.cancel();
    const due = this.#machine.deadline();
    this.#timer = due === undefined ? undefined : this.ports.timers.after(Math.max(0, due - this.ports.time.now()), () => this.#run());
  }
}
