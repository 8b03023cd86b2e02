// SPDX-License-Identifier: Apache-2.0
// Keeps one session alive over the ports passed in: connects, greets, times out, reconnects. What is to be restored on each connection is the client's.
import type { Millis, Net, Stream, Time, Timer, Timers } from "quickjs-ts";
import { type Attributes, CodecError, type Message, MessageType } from "../codec/index.ts";
import { Backoff, type BackoffOptions } from "../session/backoff.ts";
import { DeadlineError, DisconnectedError, QueueFullError } from "../session/errors.ts";
import { type Request, Session, type SessionOptions, type SessionOutput } from "../session/session.ts";

/** What a client needs of the machine. */
export interface Ports {
  net: Pick<Net, "connect">;
  timers: Pick<Timers, "after">;
  time: Pick<Time, "now">;
}

export interface LinkOptions extends SessionOptions {
  /** The daemon's socket. Default "/var/run/ubus/ubus.sock". */
  path?: string;
  reconnect?: BackoffOptions;
  /** Deadline of connecting, and again of the greeting. Default 5,000. */
  connectTimeout?: Millis;
  /** Bytes queued towards the daemon. Default 4 MiB: a message may have 1 MiB. */
  maxQueued?: number;
}

export interface LinkHandlers extends Omit<SessionOutput, "send"> {
  /** Exactly once per attempt to connect, whether it was greeted or not. */
  lost(reason: string): void;
}

export type Outgoing = { type: number; peer: number } & Attributes;

export class Link {
  /** Raised with every attempt; what belongs to an older one is void. */
  generation = 0;
  #session: Session | undefined;
  #stream: Stream | undefined;
  #deadline: Timer | undefined;
  #armed: Millis = Infinity;
  #retry: Timer | undefined;
  #closed = false;
  #probing = false;
  readonly #backoff: Backoff;
  readonly #options: Required<Omit<LinkOptions, keyof SessionOptions>>;

  constructor(readonly ports: Ports, readonly options: LinkOptions, readonly handlers: LinkHandlers) {
    this.#options = { path: "/var/run/ubus/ubus.sock", reconnect: {}, connectTimeout: 5000, maxQueued: 4 << 20, ...options };
    this.#backoff = new Backoff(this.#options.reconnect);
    this.#connect();
  }

  get open(): boolean {
    return this.#session?.open ?? false;
  }
  get closed(): boolean {
    return this.#closed;
  }
  get clientId(): number {
    return this.#session?.clientId ?? 0;
  }
  /** Requests without a complete answer. */
  get pending(): number {
    return this.#session?.pending ?? 0;
  }

  /** Throws as Session.request does. */
  request(message: Outgoing, request: Request): void {
    if (!this.#session) throw new DisconnectedError(request.operation, false, "not connected");
    this.#session.request(message, request, this.ports.time.now());
    this.#arm();
  }

  /** A request with one answer: its DATA messages and last STATUS. Rejects with what `Request.done` may be given. `each` sees DATA before any later message is looked at. */
  async ask(message: Outgoing, operation: string, timeout: Millis, each?: (part: Message) => void): Promise<{ data: Message[]; status: Message }> {
    const { generation } = this;
    try {
      return await this.#ask(message, operation, timeout, each);
    } catch (error) {
      if (error instanceof DeadlineError && generation === this.generation) this.#probe();
      throw error;
    }
  }

  #ask(message: Outgoing, operation: string, timeout: Millis, each?: (part: Message) => void): Promise<{ data: Message[]; status: Message }> {
    return new Promise((resolve, reject) => {
      const data: Message[] = [];
      const take = (part: Message): void => {
        data.push(part);
        each?.(part);
      };
      this.request(message, { operation, timeout, data: take, done: (error, status) => (error ? reject(error) : resolve({ data, status: status! })) });
    });
  }

  /** Somebody did not answer: the daemon itself? Then the connection is given up, and with it all that the daemon may have forgotten to say. */
  #probe(): void {
    const { generation } = this;
    if (this.#probing || !this.open) return;
    this.#probing = true;
    this.#ask({ type: MessageType.ping, peer: 0 }, "ping", this.#options.connectTimeout)
      .catch((error: unknown) => {
        if (error instanceof DeadlineError && generation === this.generation) this.#lose(`the daemon is silent: ${error.message}`);
      })
      .finally(() => (this.#probing = false));
  }

  tell(message: Outgoing, operation: string): void {
    if (!this.#session) throw new DisconnectedError(operation, false, "not connected");
    this.#session.tell(message, operation);
  }

  /**
   * Ends the calls of an object that is gone. Not at once: a call that crossed the news was refused by the daemon, and its answer, unlike the object's,
   * is on its way. A ping behind it tells when it must have come.
   */
  objectGone(objectId: number): void {
    const session = this.#session;
    if (!session?.asks(objectId)) return;
    const end = (): void => session.objectGone(objectId);
    this.ask({ type: MessageType.ping, peer: 0 }, "ping", this.#options.connectTimeout).then(end, end);
  }

  /** Ends everything for good. */
  close(): void {
    this.#closed = true;
    this.#retry?.cancel();
    this.#lose("closed by the client");
  }

  #connect(): void {
    const generation = ++this.generation;
    const current = (): boolean => generation === this.generation && this.#stream !== undefined;
    const { path, connectTimeout } = this.#options;
    this.#stream = this.ports.net.connect({ unix: path }, {
      open: () => current() && this.#opened(),
      data: (chunk) => current() && this.#data(chunk),
      end: () => current() && this.#lose("the daemon closed the connection"),
      close: (error) => current() && this.#lose(error?.message ?? "the daemon closed the connection"),
    }, { timeout: connectTimeout });
  }

  #opened(): void {
    const { handlers } = this;
    this.#session = new Session({
      send: (bytes, operation) => this.#send(bytes, operation),
      greeted: (clientId) => {
        this.#backoff.opened(this.ports.time.now());
        handlers.greeted(clientId);
      },
      invoked: (invocation) => {
        this.#arm();
        handlers.invoked(invocation);
      },
      subscribed: (objectId, active) => handlers.subscribed(objectId, active),
      unsubscribed: (objectId, target) => handlers.unsubscribed(objectId, target),
      monitored: (message) => handlers.monitored(message),
    }, this.ports.time.now(), this.#options.connectTimeout, this.options);
    this.#arm();
  }

  #send(bytes: Uint8Array, operation: string): void {
    const { maxQueued } = this.#options;
    if (this.#stream!.queued + bytes.length > maxQueued) throw new QueueFullError(operation, maxQueued);
    this.#stream!.write(bytes);
  }

  #data(chunk: Uint8Array): void {
    const { generation } = this;
    try {
      this.#session?.receive(chunk, this.ports.time.now());
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      if (generation === this.generation) this.#lose(error.message);
    }
  }

  #lose(reason: string): void {
    const stream = this.#stream;
    if (!stream) return;
    const session = this.#session;
    this.#stream = this.#session = undefined;
    this.#deadline?.cancel();
    this.#armed = Infinity;
    stream.destroy();
    if (!this.#closed) this.#retry = this.ports.timers.after(this.#backoff.next(this.ports.time.now()), () => this.#connect());
    session?.close(reason);
    this.handlers.lost(reason);
  }

  /** One timer for all deadlines. What is answered leaves it as it is: it then fires early, finds nothing due, and is set anew. */
  #arm(): void {
    const due = this.#session?.deadline();
    if (due === undefined || due >= this.#armed) return;
    this.#deadline?.cancel();
    this.#armed = due;
    this.#deadline = this.ports.timers.after(Math.max(0, due - this.ports.time.now()), () => this.#expire());
  }

  #expire(): void {
    this.#armed = Infinity;
    try {
      this.#session?.expire(this.ports.time.now());
    } catch (error) {
      if (!(error instanceof DeadlineError)) throw error;
      return this.#lose(error.message);
    }
    this.#arm();
  }
}
