// SPDX-License-Identifier: Apache-2.0
/*
 * A client that stays on the bus. On every connection, in this order: the greeting, the events of objects that come and go, then what was registered
 * (objects, listeners, subscriptions, monitors), then `ready` and the calls that waited. What cannot be registered is tried again every second.
 */
import type { Millis, Timer } from "quickjs-ts";
import { decodeTable, encodeTable, type Message, MessageType, type Monitored, SystemObject, type Table } from "../codec/index.ts";
import { DeadlineError, DisconnectedError, QueueFullError, StatusError } from "../session/errors.ts";
import type { Invocation } from "../session/invocation.ts";
import { isOrderly } from "../session/session.ts";
import { Link, type LinkOptions, type Ports } from "./link.ts";
import { type EventHandler, Listener } from "./listener.ts";
import { lookup, type ObjectInfo } from "./lookup.ts";
import type { Method } from "./method.ts";
import { isTable } from "../codec/value.ts";
import { Monitor } from "./monitor.ts";
import { type ObjectOptions, PublishedObject } from "./object.ts";
import type { Bus, ObjectOwner, Registration } from "./registration.ts";
import { Subscription, type SubscriptionHandlers } from "./subscription.ts";

export interface UbusOptions extends LinkOptions {
  /** Deadline of every request without its own. Default 10,000. */
  timeout?: Millis;
  /** Calls that wait for a connection. Default 64. */
  maxWaiting?: number;
  /** Without the right to listen to ubus.object.*: how often subscriptions look for new objects. Default 5,000. */
  lookInterval?: Millis;
  /** Connected, and everything registered that can be. */
  ready?(): void;
  /** Connection lost, or not made. */
  lost?(reason: string): void;
  /** What nobody else would hear of: what a handler threw, a registration that failed after a reconnect. Default: ignored. */
  trouble?(what: string, error: unknown): void;
}

/** One entry of an object's access control list, as rpcd reads it: what `acl` holds is the file's own affair. */
export interface AclEntry {
  object: string;
  user: string | undefined;
  group: string | undefined;
  acl: Table;
}

const tableIn = ({ data }: Message): Table => decodeTable(data ?? new Uint8Array(0));
const RETRY: Millis = 1000;
const MAX_CACHED = 256;

export class UbusClient implements Bus {
  readonly timeout: Millis;
  /** Connected and registered. */
  ready = false;
  watching = false;
  readonly link: Link;
  readonly #registrations = new Set<Registration>();
  readonly #owners = new Map<number, ObjectOwner>();
  /** Who waits for the connection, and for what operation. */
  readonly #waiting = new Map<(error?: Error) => void, string>();
  /** Object ids by path, of the present connection. */
  readonly #ids = new Map<string, number>();
  #retry: Timer | undefined;
  readonly #watch: Listener;

  /** Starts connecting at once. */
  constructor(ports: Ports, readonly options: UbusOptions = {}) {
    this.timeout = options.timeout ?? 10_000;
    this.#watch = new Listener("ubus.object.*", (id, data) => this.#objectEvent(id, data), this);
    this.link = new Link(ports, options, {
      greeted: () => void this.#prepare(this.link.generation),
      invoked: (invocation) => this.#invoked(invocation),
      subscribed: (objectId, active) => this.#owners.get(objectId)?.subscribed?.(active),
      unsubscribed: (objectId, target) => this.#owners.get(objectId)?.unsubscribed?.(target),
      monitored: (message) => this.#monitored(message),
      lost: (reason) => this.#lost(reason),
    });
  }

  /** Our id on the bus; 0 while not connected. */
  get clientId(): number {
    return this.link.clientId;
  }

  /** Ends everything for good. What is outstanding rejects with DisconnectedError. */
  close(): void {
    this.link.close();
    for (const [wake, operation] of [...this.#waiting]) wake(new DisconnectedError(operation, false, "closed by the client"));
  }

  /** Rejects with DeadlineError, QueueFullError, or DisconnectedError when closed. */
  whenReady(timeout: Millis = this.timeout, operation = "connect"): Promise<void> {
    if (this.ready) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const limit = this.options.maxWaiting ?? 64;
      if (this.link.closed) return reject(new DisconnectedError(operation, false, "closed by the client"));
      if (this.#waiting.size >= limit) return reject(new QueueFullError(operation, limit));
      const timer = this.link.ports.timers.after(timeout, () => wake(new DeadlineError(operation, timeout)));
      const wake = (error?: Error): void => {
        timer.cancel();
        this.#waiting.delete(wake);
        if (error) reject(error);
        else resolve();
      };
      this.#waiting.set(wake, operation);
    });
  }

  /** The objects that we may see: by path, "prefix*", or all; none is no error. Sorted by path. */
  async list(pattern?: string, timeout: Millis = this.timeout): Promise<ObjectInfo[]> {
    const left = await this.#connected(`list ${pattern ?? "*"}`, timeout);
    return lookup(this, pattern, left());
  }

  /**
   * Calls a method and returns its answer: the first table, {} when there was none. Rejects with StatusError, DeadlineError, ProviderGoneError,
   * DisconnectedError, QueueFullError, EncodeError, DecodeError, OversizedError.
   */
  async call(path: string, method: string, args: Table = {}, timeout: Millis = this.timeout): Promise<Table> {
    return (await this.callAll(path, method, args, timeout))[0] ?? {};
  }

  /** The same for methods that answer in several parts. */
  async callAll(path: string, method: string, args: Table = {}, timeout: Millis = this.timeout): Promise<Table[]> {
    const operation = `call ${path} ${method}`;
    const data = encodeTable(args);
    const left = await this.#connected(operation, timeout);
    const cached = this.#ids.get(path);
    if (cached !== undefined) {
      try {
        return await this.#invoke(cached, method, data, operation, left());
      } catch (error) {
        if (!(error instanceof StatusError && error.status === "not-found" && error.by === "daemon")) throw error;
        this.#ids.delete(path); // its provider started anew, and this call has reached nobody
      }
    }
    return this.#invoke(await this.#find(path, operation, left()), method, data, operation, left());
  }

  /** Puts an object on the bus, for as long as this client lives. Rejects with StatusError "invalid-argument" when the path is taken or not allowed to us. */
  publish(path: string, methods: Readonly<Record<string, Method>>, options: ObjectOptions = {}, timeout: Millis = this.timeout): Promise<PublishedObject> {
    return this.#register(new PublishedObject(path, methods, options, this), timeout);
  }

  /** Receives the notifications of `pattern`, a path or "prefix*", also of objects that are not there yet. */
  subscribe(pattern: string, handlers: SubscriptionHandlers, timeout: Millis = this.timeout): Promise<Subscription> {
    return this.#register(new Subscription(pattern, handlers, this), timeout);
  }

  /** Hears the events `pattern`, an id or "prefix*". Rejects with StatusError "permission-denied" when not allowed. */
  listen(pattern: string, handler: EventHandler, timeout: Millis = this.timeout): Promise<Listener> {
    return this.#register(new Listener(pattern, handler, this), timeout);
  }

  /** Sees every message on the bus; see Monitor. Rejects with StatusError "permission-denied" unless root. */
  monitor(handler: (message: Monitored) => void, timeout: Millis = this.timeout): Promise<Monitor> {
    return this.#register(new Monitor(handler, this), timeout);
  }

  /** Sends an event to all who listen, but to ourselves. Ids that begin with "ubus." are the daemon's: "permission-denied". */
  async send(id: string, data: Table = {}, timeout: Millis = this.timeout): Promise<void> {
    await this.#system(SystemObject.event, "send", { id, data }, `send ${id}`, timeout);
  }

  /** Asks the daemon for a sign of life. */
  async ping(timeout: Millis = this.timeout): Promise<void> {
    const left = await this.#connected("ping", timeout);
    await this.link.ask({ type: MessageType.ping, peer: 0 }, "ping", left());
  }

  /** What the access control lists say of our own objects; the event "ubus.acl.sequence" tells when they changed. */
  async acl(timeout: Millis = this.timeout): Promise<AclEntry[]> {
    const [answer] = await this.#system(SystemObject.acl, "query", {}, "acl", timeout);
    const entries = Array.isArray(answer?.["acl"]) ? answer["acl"] : [];
    const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
    return entries.filter(isTable).map((entry) => ({ object: text(entry["obj"]) ?? "", user: text(entry["user"]), group: text(entry["group"]), acl: isTable(entry["acl"]) ? entry["acl"] : {} }));
  }

  own(objectId: number, owner: ObjectOwner): void {
    this.#owners.set(objectId, owner);
  }
  release(objectId: number): void {
    this.#owners.delete(objectId);
  }
  remove(registration: Registration): void {
    this.#registrations.delete(registration);
  }
  trouble(what: string, error: unknown): void {
    this.options.trouble?.(what, error);
  }
  attempt(what: string, run: () => void): void {
    try {
      run();
    } catch (error) {
      this.trouble(what, error);
    }
  }

  async #system(objectId: number, method: string, args: Table, operation: string, timeout: Millis): Promise<Table[]> {
    const data = encodeTable(args);
    const left = await this.#connected(operation, timeout);
    const answer = await this.link.ask({ type: MessageType.invoke, peer: objectId, objectId, method, data }, operation, left());
    return answer.data.map((part) => decodeTable(part.data ?? new Uint8Array(0)));
  }

  async #invoke(objectId: number, method: string, data: Uint8Array, operation: string, timeout: Millis): Promise<Table[]> {
    const received: Message[] = [];
    try {
      const { data: all } = await this.link.ask({ type: MessageType.invoke, peer: objectId, objectId, method, data }, operation, timeout, (part) => received.push(part));
      return all.map(tableIn);
    } catch (error) {
      if (error instanceof StatusError) error.parts = received.map(tableIn);
      throw error;
    }
  }

  async #find(path: string, operation: string, timeout: Millis): Promise<number> {
    const { data } = await this.link.ask({ type: MessageType.lookup, peer: 0, path }, operation, timeout);
    const id = data[0]?.objectId;
    if (id === undefined || data[0]?.path !== path) throw new StatusError("not-found", operation, "daemon");
    if (this.#ids.size >= MAX_CACHED) this.#ids.clear();
    this.#ids.set(path, id);
    return id;
  }

  /** Waits for the connection within the deadline; what is left of it is for what follows. */
  async #connected(operation: string, timeout: Millis): Promise<() => Millis> {
    const { time } = this.link.ports;
    const end = time.now() + timeout;
    if (!this.ready) await this.whenReady(timeout, operation);
    return () => Math.max(0, end - time.now());
  }

  /** A registration whose first try the daemon refuses is none. One whose connection was lost goes on by itself. */
  async #register<R extends Registration>(registration: R, timeout: Millis): Promise<R> {
    const left = await this.#connected(registration.name, timeout);
    this.#registrations.add(registration);
    for (;;) {
      try {
        await registration.restore();
        this.again();
        return registration;
      } catch (error) {
        if (isOrderly(error) || left() === 0) {
          this.#registrations.delete(registration);
          throw error;
        }
      }
      await this.whenReady(left(), registration.name).catch((error: unknown) => {
        this.#registrations.delete(registration);
        throw error;
      });
    }
  }

  async #prepare(generation: number): Promise<void> {
    await this.#restore(this.#watch, false);
    this.watching = this.#watch.present;
    for (const registration of [...this.#registrations]) await this.#restore(registration);
    if (generation !== this.link.generation || !this.link.open) return;
    this.ready = true;
    this.again();
    for (const wake of [...this.#waiting.keys()]) wake();
    this.attempt("ready", () => this.options.ready?.());
  }

  async #restore(registration: Registration, tell = true): Promise<void> {
    const before = String(registration.error);
    try {
      await registration.restore();
    } catch (error) {
      if (tell && isOrderly(error) && String(error) !== before) this.trouble(registration.name, error); // once, not with each try
    }
  }

  /** Tries again what is missing. Nothing missing, nothing to do: then there is no timer. */
  again(): void {
    this.#retry?.cancel();
    this.#retry = undefined;
    const missing = [...this.#registrations].some(({ complete }) => !complete);
    const blind = !this.watching && [...this.#registrations].some((each) => each instanceof Subscription);
    if (!this.ready || !(missing || blind)) return;
    this.#retry = this.link.ports.timers.after(missing ? RETRY : (this.options.lookInterval ?? 5000), () => void this.#tryAgain());
  }

  async #tryAgain(): Promise<void> {
    for (const registration of [...this.#registrations]) {
      if (!registration.present) await this.#restore(registration);
      else if (registration instanceof Subscription && !(this.watching && registration.complete)) await registration.look().catch(() => {}); // told when it was made
    }
    this.again();
  }

  #invoked(invocation: Invocation): void {
    const owner = this.#owners.get(invocation.objectId);
    if (owner?.invoked) owner.invoked(invocation);
    else invocation.finish(new StatusError("not-found").code); // removed meanwhile
  }

  #monitored(message: Monitored): void {
    for (const registration of this.#registrations) if (registration instanceof Monitor) registration.saw(message);
  }

  #objectEvent(event: string, { id, path }: Table): void {
    if (typeof id !== "number" || typeof path !== "string") return;
    if (event === "ubus.object.remove") {
      if (this.#ids.get(path) === id >>> 0) this.#ids.delete(path);
      this.link.objectGone(id >>> 0);
    } else if (event === "ubus.object.add") {
      for (const registration of this.#registrations) if (registration instanceof Subscription) registration.appeared(path, id >>> 0);
    }
  }

  #lost(reason: string): void {
    this.ready = this.watching = false;
    this.#retry?.cancel();
    this.#ids.clear();
    this.#owners.clear();
    this.#watch.lost();
    for (const registration of this.#registrations) registration.lost();
    this.attempt("lost", () => this.options.lost?.(reason));
  }
}
