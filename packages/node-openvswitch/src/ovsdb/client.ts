// SPDX-License-Identifier: Apache-2.0
/*
 * An OVSDB client that stays connected: the session, the monitors, the locks and the choice of server, composed over the ports passed in.
 * After every connect, in this order: is it the right server (_Server)? the schema, the locks, the monitors; then `ready` and the calls that waited.
 */
import type { Address, Millis, Timer } from "quickjs-ts";
import { Connection, type Ports } from "../session/connection.ts";
import { DeadlineError, DisconnectedError, QueueFullError } from "../session/errors.ts";
import type { ReconnectOptions } from "../session/reconnect.ts";
import { ProtocolError, RpcError, transactionError } from "./errors.ts";
import type { FramerOptions } from "./framer.ts";
import { isArray, type Json } from "./json.ts";
import { type Lock, Locks } from "./locks.ts";
import { Monitor, monitorMethods } from "./monitor.ts";
import { type Call, type Condition, type Operation, type OperationResult, requests, type Tables } from "./protocol.ts";
import { DoubtError, Replica } from "./replica.ts";
import { decodeSchema } from "./schema.ts";
import { serverSchema, serverTables, unfit } from "./server-database.ts";
import { Session } from "./session.ts";
import { Transaction } from "./transaction.ts";
import type { DatabaseSchema } from "./types.ts";

export interface OvsdbOptions extends FramerOptions {
  /** Tried in turn. */
  remotes: readonly Address[];
  /** Default "Open_vSwitch". */
  database?: string;
  /** In a cluster, stay with the leader only: what it reports is never behind. Default false. */
  leaderOnly?: boolean;
  /** Deadline of every call without its own. Default 10,000. */
  timeout?: Millis;
  reconnect?: ReconnectOptions;
  connectTimeout?: Millis;
  /** Bytes queued towards the server. Default 1 MiB. */
  maxQueued?: number;
  /** Calls that wait for a connection. Default 64. */
  maxWaiting?: number;
  /** Connected, monitors synchronized. */
  ready?(): void;
  /** Connection lost, not made, or given up for the reason told. */
  lost?(reason: string): void;
}

interface Waiting {
  operation: string;
  timer: Timer;
  run(error?: Error): void;
}

export class OvsdbClient {
  /** Raised with every connection; what was said on an older one is void. */
  get generation(): number {
    return this.#connection.generation;
  }
  /** Connected to the right server, with monitors and locks asked for. */
  ready = false;
  readonly database: string;
  #schema: DatabaseSchema | undefined;
  #session: Session | undefined;
  #timer: Timer | undefined;
  #armed = Infinity;
  #lastMonitor = 0;
  #closed = false;
  readonly #connection: Connection;
  readonly #monitors = new Set<Monitor>();
  readonly #locks = new Locks();
  readonly #waiting = new Set<Waiting>();
  readonly #timeout: Millis;

  /** Starts connecting at once. */
  constructor(readonly ports: Ports, readonly options: OvsdbOptions) {
    this.database = options.database ?? "Open_vSwitch";
    this.#timeout = options.timeout ?? 10_000;
    this.#connection = new Connection(ports, options, {
      opened: (generation) => this.#opened(generation),
      data: (chunk) => this.#data(chunk),
      probe: () => void this.#call(requests.echo(), this.#timeout).catch(() => {}), // the reconnect machine minds its absence
      closed: (reason, opened) => this.#lost(reason, opened),
    });
    this.#connection.start();
  }

  /** Ends everything; outstanding calls reject with DisconnectedError. */
  close(): void {
    this.#closed = true;
    this.#connection.stop("closed by the client");
    for (const waiting of [...this.#waiting]) waiting.run(new DisconnectedError(waiting.operation, false, "closed by the client"));
    this.#timer?.cancel();
  }

  /** The schema of the client's database, once connected. */
  async schema(timeout: Millis = this.#timeout): Promise<DatabaseSchema> {
    await this.#whenReady("get_schema", timeout);
    return this.#schema!;
  }

  /** Any call of `requests`, when connected. Rejects with RpcError, DeadlineError, DisconnectedError, QueueFullError. */
  async call(call: Call, timeout: Millis = this.#timeout): Promise<Json> {
    const deadline = this.ports.time.now() + timeout;
    await this.#whenReady(call.method, timeout);
    return this.#call(call, Math.max(0, deadline - this.ports.time.now()));
  }

  /** A builder for `transact`. */
  async transaction(): Promise<Transaction> {
    return new Transaction(await this.schema());
  }

  /**
   * One transaction. Rejects with OperationError naming the operation that failed, or as `call`. A transaction whose connection was lost
   * is not repeated: DisconnectedError says whether it was sent.
   */
  async transact(operations: readonly Operation[] | Transaction, options: { timeout?: Millis; database?: string } = {}): Promise<OperationResult[]> {
    const list = operations instanceof Transaction ? operations.operations : operations;
    const results = await this.call(requests.transact(options.database ?? this.database, list), options.timeout);
    if (!isArray(results)) throw new ProtocolError("transact: result: expected an array");
    const error = transactionError(list, results);
    if (error) throw error;
    return [...results] as OperationResult[];
  }

  /** Watches tables from now on, over all reconnects. Resolves once the replica has the first dump. */
  async monitor(tables: Tables): Promise<MonitorHandle> {
    const schema = await this.schema();
    const monitor = new Monitor(this.database, tables, new Replica(schema, tables));
    this.#monitors.add(monitor);
    await this.#request(monitor).catch((error: unknown) => {
      this.#monitors.delete(monitor);
      throw error;
    });
    return {
      replica: monitor.replica,
      changeConditions: async (conditions) => void (await this.call(monitor.changeConditions(conditions))),
      cancel: async () => {
        if (this.#monitors.delete(monitor) && monitor.state === "live" && this.ready) await this.call(requests.monitorCancel(monitor.id));
      },
    };
  }

  /** Asks for a lock and keeps asking over reconnects; `changed` tells each time it is won or lost. */
  async lock(name: string, changed: (owned: boolean) => void = () => {}, options: { steal?: boolean } = {}): Promise<Lock> {
    await this.#whenReady("lock", this.#timeout);
    return this.#locks.acquire(name, options.steal ?? false, changed, (call) => this.#call(call, this.#timeout));
  }

  #opened(generation: number): void {
    this.#session = new Session({
      send: (message, operation) => void this.#connection.send(message, operation),
      notification: (method, params) => this.#notification(method, params),
    }, this.options);
    this.#prepare().then(
      () => this.#becomeReady(generation),
      (error: unknown) => this.#giveUp(generation, error as Error),
    );
  }

  async #prepare(): Promise<void> {
    const call = (what: Call): Promise<Json> => this.#call(what, this.#timeout);
    await ignoring("unknown method", call(requests.setDatabaseChangeAware(true)));
    if (this.options.leaderOnly || this.options.remotes.length > 1) await ignoring("unknown database", this.#watchServer());
    this.#schema = decodeSchema(await call(requests.getSchema(this.database)));
    await this.#locks.restore(call);
    for (const monitor of [...this.#monitors]) await this.#request(monitor);
  }

  /** Follows the server's standing; a server that is, or becomes, unfit is left. */
  async #watchServer(): Promise<void> {
    const replica = new Replica(serverSchema, serverTables);
    const monitor = new Monitor("_Server", serverTables, replica);
    const reason = (): string | undefined => unfit(replica.table("Database").values(), this.database, this.options.leaderOnly ?? false);
    this.#server = monitor;
    await this.#request(monitor);
    const why = reason();
    if (why) throw new Error(why);
    replica.onChange(() => {
      const now = reason();
      if (now && this.#server === monitor) this.#connection.next(now);
    });
  }
  #server: Monitor | undefined;

  /** Sends the best monitor request that the server knows. */
  async #request(monitor: Monitor): Promise<void> {
    const generation = this.generation;
    for (const method of monitorMethods) {
      if (method === "monitor" && monitor.conditional) throw new RpcError(method, "not supported", "the server knows no conditions");
      const reply = await ignoring("unknown method", this.#call(monitor.request(method, ++this.#lastMonitor), this.#timeout, (result) => monitor.reply(result)));
      if (reply !== undefined) return;
      if (generation !== this.generation) throw new DisconnectedError(method, true, "reconnected meanwhile");
    }
    throw new RpcError("monitor", "unknown method", undefined);
  }

  #notification(method: string, params: readonly Json[]): void {
    if (method === "locked" || method === "stolen") this.#locks.notification(method, params);
    if (method !== "update" && method !== "update2" && method !== "update3") return this.#canceled(method, params);
    for (const monitor of this.#server ? [this.#server, ...this.#monitors] : this.#monitors) {
      try {
        if (monitor.notification(method, params)) return;
      } catch (error) {
        if (!(error instanceof DoubtError)) throw error;
        return this.#resynchronise(monitor, error);
      }
    }
  }

  /** The server ended a monitor, for example because its database was converted: start over on a new connection, with the new schema. */
  #canceled(method: string, params: readonly Json[]): void {
    if (method === "monitor_canceled" && [...this.#monitors].some(({ id }) => id === params[0])) this.#connection.next("monitor_canceled");
  }

  /** Asks anew, from nothing, on the same connection. */
  #resynchronise(monitor: Monitor, doubt: DoubtError): void {
    const generation = this.generation;
    const former = monitor.id;
    monitor.lost(true);
    this.#call(requests.monitorCancel(former), this.#timeout)
      .then(() => this.#request(monitor))
      .catch((error: unknown) => this.#giveUp(generation, new Error(`${doubt.message}; then ${(error as Error).message}`)));
  }

  /** A call on the present connection. `accept` sees the result before any later message is looked at. */
  #call(call: Call, timeout: Millis, accept?: (result: Json) => void): Promise<Json> {
    return new Promise((resolve, reject) => {
      const session = this.#session;
      if (!session) return reject(new DisconnectedError(call.method, false, "not connected"));
      session.call(call, this.ports.time.now(), timeout, (error, result) => {
        if (error) return reject(error);
        try {
          accept?.(result);
          resolve(result);
        } catch (refused) {
          reject(refused as Error);
        }
      });
      this.#arm();
    });
  }

  #data(chunk: Uint8Array): void {
    const { generation } = this;
    try {
      this.#session?.receive(chunk);
    } catch (error) {
      if (!(error instanceof ProtocolError || error instanceof QueueFullError)) throw error;
      this.#giveUp(generation, error);
    }
  }

  #becomeReady(generation: number): void {
    if (generation !== this.generation || !this.#connection.connected) return;
    this.ready = true;
    this.options.ready?.();
    for (const waiting of [...this.#waiting]) waiting.run();
  }

  #giveUp(generation: number, error: Error): void {
    if (generation !== this.generation || !this.#connection.connected) return;
    if (error instanceof DoubtError) for (const monitor of this.#monitors) monitor.lost(true);
    this.#connection.next(error.message);
  }

  #lost(reason: string, opened: boolean): void {
    this.ready = false;
    this.#server = undefined;
    const session = this.#session;
    this.#session = undefined;
    if (opened) {
      for (const monitor of this.#monitors) monitor.lost(monitor.state === "requested");
      this.#locks.lost();
    }
    session?.close(reason);
    this.options.lost?.(reason);
  }

  #whenReady(operation: string, timeout: Millis): Promise<void> {
    if (this.ready) return Promise.resolve();
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new DisconnectedError(operation, false, "closed by the client"));
      const limit = this.options.maxWaiting ?? 64;
      if (this.#waiting.size >= limit) return reject(new QueueFullError(operation, limit));
      const waiting: Waiting = {
        operation,
        timer: this.ports.timers.after(timeout, () => waiting.run(new DeadlineError(operation, timeout))),
        run: (error) => {
          waiting.timer.cancel();
          this.#waiting.delete(waiting);
          if (error) reject(error);
          else resolve();
        },
      };
      this.#waiting.add(waiting);
    });
  }

  /** One timer for all deadlines, set for the earliest. */
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

export interface MonitorHandle {
  readonly replica: Replica;
  /** Replaces the conditions of some tables; needs a server with monitor_cond. */
  changeConditions(conditions: { [table: string]: readonly Condition[] }): Promise<void>;
  cancel(): Promise<void>;
}

/** undefined when the call was refused for just this reason. */
async function ignoring<T>(error: string, call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (thrown) {
    if (thrown instanceof RpcError && thrown.error === error) return undefined;
    throw thrown;
  }
}
