// SPDX-License-Identifier: Apache-2.0
/* A controller's connection to one bridge that stays up: the session composed over the ports passed in. Each reconnect is a new session; `ready` tells to resynchronise. */
import type { Address, Millis, Timer } from "quickjs-ts";
import { Connection, type Ports } from "../session/connection.ts";
import { DeadlineError, DisconnectedError, QueueFullError } from "../session/errors.ts";
import type { ReconnectOptions } from "../session/reconnect.ts";
import { type BundleOptions, runBundle } from "./bundle.ts";
import { DecodeError } from "./errors.ts";
import type { FeaturesReply, FlowRemoved, Message, MultipartReply, MultipartRequest, NxPacketIn2, PacketIn, PortStatus } from "./messages.ts";
import { HandshakeError, type OpenflowError, type Outgoing } from "./session-errors.ts";
import { OpenflowSession, type SessionOptions } from "./session.ts";
import type { Version } from "./types.ts";

export interface OpenflowHandlers {
  /** Connected, configured, nothing known about the switch: read back and reconcile. */
  ready?(features: FeaturesReply): void;
  lost?(reason: string): void;
  /** Only with the option `packetIns`. The arrays inside are views into what was received: copy what is to stay. */
  packetIn?(packet: NxPacketIn2 | PacketIn): void;
  portStatus?(status: PortStatus): void;
  flowRemoved?(flow: FlowRemoved): void;
  /** A message sent by `send` was refused. */
  error?(error: OpenflowError): void;
  /** Anything else that the switch sends on its own: flow monitor updates, role and table status, ... */
  message?(message: Message): void;
  /** `send` may go on after it had returned false. */
  drained?(): void;
}

export interface OpenflowOptions extends SessionOptions {
  address: Address;
  handlers?: OpenflowHandlers;
  /** Ask for whole packet-ins in Nicira's second format, port status and flow-removed. Needed at a bridge's `.mgmt` socket, where none come unasked. Default false. */
  packetIns?: boolean;
  /** Deadline of each request without its own. Default 10,000. */
  timeout?: Millis;
  reconnect?: ReconnectOptions;
  connectTimeout?: Millis;
  /** Bytes queued towards the switch. Default 1 MiB. */
  maxQueued?: number;
}

const wholePackets = 0xffff;
const nxPacketIn2 = 2;
/** Every reason of packet-in, port-status and flow-removed, for a primary or equal controller (OpenFlow 1.4 section 7.3.10: properties 1, 3, 5). */
const asynchronous = [{ property: 0, mask: 0 }, { property: 1, mask: 0x3f }, { property: 2, mask: 0 }, { property: 3, mask: 7 }, { property: 4, mask: 0 }, { property: 5, mask: 0x0f }];

export class OpenflowClient {
  ready = false;
  #session: OpenflowSession | undefined;
  #bundleId = 0;
  #timer: Timer | undefined;
  #armed = Infinity;
  #handshake: Timer | undefined;
  #closed = false;
  #waiters: ((error?: Error) => void)[] = [];
  #drains: ((error?: Error) => void)[] = [];
  readonly #connection: Connection;
  readonly #handlers: OpenflowHandlers;
  readonly #timeout: Millis;

  /** Starts connecting at once. */
  constructor(readonly ports: Ports, readonly options: OpenflowOptions) {
    this.#handlers = options.handlers ?? {};
    this.#timeout = options.timeout ?? 10_000;
    this.#connection = new Connection(ports, { ...options, remotes: [options.address] }, {
      opened: (generation) => this.#opened(generation),
      data: (chunk) => this.#guard(() => this.#session?.receive(chunk, this.ports.time.now())),
      probe: () => this.#guard(() => this.#session?.probe()),
      drained: () => this.#drained(),
      closed: (reason, opened) => this.#lost(reason, opened),
    });
    this.#connection.start();
  }

  /** Agreed wire version. Throws DisconnectedError before there is one. */
  get version(): Version {
    return this.#live("version").version;
  }

  get features(): FeaturesReply {
    return this.#live("features").features!;
  }

  /** Raised with every connection. */
  get generation(): number {
    return this.#connection.generation;
  }

  close(): void {
    this.#closed = true;
    this.#connection.stop("closed by the client");
    for (const waiter of this.#waiters.splice(0)) waiter(new DisconnectedError("connect", false, "closed by the client"));
    this.#timer?.cancel();
  }

  /** Resolves at once when ready. Rejects with DeadlineError. */
  whenReady(timeout: Millis = this.#timeout): Promise<void> {
    if (this.ready) return Promise.resolve();
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new DisconnectedError("connect", false, "closed by the client"));
      const timer = this.ports.timers.after(timeout, () => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        reject(new DeadlineError("connect", timeout));
      });
      const waiter = (error?: Error): void => {
        timer.cancel();
        if (error) reject(error);
        else resolve();
      };
      this.#waiters.push(waiter);
    });
  }

  /** A message that is answered; resolves with the reply. Rejects with OpenflowError, DeadlineError, DisconnectedError, QueueFullError, DecodeError. */
  request(message: Message, timeout: Millis = this.#timeout): Promise<Message> {
    return this.#request(message, timeout);
  }

  /** A multipart request; `part` gets each part as it comes, and nothing is kept. */
  async stream(request: MultipartRequest, part: (part: MultipartReply) => void, timeout: Millis = this.#timeout): Promise<void> {
    await this.#request(request, timeout, part);
  }

  /** A multipart request whose answer is small: all parts. */
  async collect(request: MultipartRequest, timeout: Millis = this.#timeout): Promise<MultipartReply[]> {
    const parts: MultipartReply[] = [];
    await this.#request(request, timeout, (part) => void parts.push(part));
    return parts;
  }

  /** A message that is answered only when it is refused, by `handlers.error`. False: wait for `handlers.drained` before sending much more. Throws DisconnectedError, QueueFullError, EncodeError; nothing was sent then. */
  send(message: Outgoing): boolean {
    return this.#live("send").send(message);
  }

  /** Resolves once the switch has done what was sent before. */
  async barrier(timeout: Millis = this.#timeout): Promise<void> {
    await this.#request({ type: "barrier-request" }, timeout);
  }

  /** Sends messages one by one and waits until they are in force. Rejects with the first OpenflowError; those before and after it are in force. */
  async apply(messages: Iterable<Outgoing>, timeout: Millis = this.#timeout): Promise<void> {
    let first: OpenflowError | undefined;
    for (const message of messages) {
      const session = this.#live("apply");
      const more = session.send(message, { refused: (error) => (first ??= error.naming(message)) });
      if (!more) await this.#whenDrained();
    }
    await this.barrier(timeout);
    if (first) throw first;
  }

  /** Sends messages that take effect together; see `runBundle`. Resolves with their number. */
  bundle(messages: Iterable<Outgoing>, options: BundleOptions & { timeout?: Millis } = {}): Promise<number> {
    const { timeout = this.#timeout } = options;
    return new Promise((resolve) => resolve(runBundle({
      session: this.#live("bundle"),
      request: (message) => this.#request(message, timeout),
      drained: () => this.#whenDrained(),
    }, (this.#bundleId = (this.#bundleId % 0xffff) + 1), messages, options)));
  }

  #opened(generation: number): void {
    const session = new OpenflowSession({
      write: (bytes, operation) => this.#connection.send(bytes, operation),
      ready: (features) => this.#configure(generation, features),
      message: (message) => this.#message(message),
      error: (error) => this.#handlers.error?.(error),
    }, this.options);
    this.#session = session;
    this.#guard(() => session.start());
    this.#handshake = this.ports.timers.after(this.#timeout, () => this.#giveUp(generation, `no ${session.state} within ${this.#timeout} ms`));
  }

  #configure(generation: number, features: FeaturesReply): void {
    const session = this.#session!;
    this.#handshake?.cancel();
    if (this.options.packetIns) {
      session.send({ type: "set-config", flags: 0, missSendLength: wholePackets });
      session.send({ type: "nx-set-packet-in-format", value: nxPacketIn2 });
      session.send({ type: "set-async", masks: asynchronous });
    }
    const done = (error?: Error): void => (error ? this.#giveUp(generation, error.message) : this.#becomeReady(features));
    session.request({ type: "barrier-request" }, this.ports.time.now(), this.#timeout, done);
    this.#arm();
  }

  #becomeReady(features: FeaturesReply): void {
    this.ready = true;
    this.#handlers.ready?.(features);
    for (const waiter of this.#waiters.splice(0)) waiter();
  }

  #message(message: Message): void {
    switch (message.type) {
      case "nx-packet-in2": case "packet-in": return this.#handlers.packetIn?.(message);
      case "port-status": return this.#handlers.portStatus?.(message);
      case "flow-removed": return this.#handlers.flowRemoved?.(message);
      default: return this.#handlers.message?.(message);
    }
  }

  #request(message: Message, timeout: Millis, part?: (part: MultipartReply) => void): Promise<Message> {
    return new Promise((resolve, reject) => {
      this.#live(message.type).request(message, this.ports.time.now(), timeout, (error, reply) => (error ? reject(error) : resolve(reply!)), part);
      this.#arm();
    });
  }

  #live(operation: string): OpenflowSession {
    if (!this.#session || !this.ready) throw new DisconnectedError(operation, false, "not connected");
    return this.#session;
  }

  #whenDrained(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!this.#session) return reject(new DisconnectedError("bundle", true, "not connected"));
      this.#drains.push((error) => (error ? reject(error) : resolve()));
    });
  }

  #drained(error?: Error): void {
    for (const drain of this.#drains.splice(0)) drain(error);
    if (!error) this.#handlers.drained?.();
  }

  /** What the peer did wrong ends this connection; what a handler did wrong is its owner's to see. */
  #guard(action: () => void): void {
    const { generation } = this;
    try {
      action();
    } catch (error) {
      if (!(error instanceof DecodeError || error instanceof HandshakeError || error instanceof QueueFullError)) throw error;
      this.#giveUp(generation, error.message);
    }
  }

  #giveUp(generation: number, reason: string): void {
    if (generation === this.generation && this.#connection.connected) this.#connection.next(reason);
  }

  #lost(reason: string, opened: boolean): void {
    this.ready = false;
    this.#handshake?.cancel();
    const session = this.#session;
    this.#session = undefined;
    session?.close(reason);
    if (opened) this.#drained(new DisconnectedError("send", true, reason));
    this.#handlers.lost?.(reason);
  }

  #arm(): void {
    const due = this.#session?.deadline();
    if (due === undefined || due >= this.#armed) return;
    this.#timer?.cancel();
    this.#armed = due;
    this.#timer = this.ports.timers.after(Math.max(0, due - this.ports.time.now()), () => {
      this.#armed = Infinity;
      this.#session?.expire(this.ports.time.now());
      this.#arm();
    });
  }
}

/** Connects to a bridge's OpenFlow socket and stays connected. */
export function connect(ports: Ports, options: OpenflowOptions): OpenflowClient {
  return new OpenflowClient(ports, options);
}
