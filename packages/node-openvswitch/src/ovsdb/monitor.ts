// SPDX-License-Identifier: Apache-2.0
/*
 * One monitor's life on one replica: which request to send, what its reply and its updates mean. No socket, no clock.
 *
 *   idle --request--> requested --reply--> live --lost--> idle (then `request` again)
 *
 * requested: updates are kept until the reply, which comes first by the rules, but need not. live: each update is applied.
 * Whatever does not fit raises DoubtError; the owner then calls `lost(true)` and asks anew from nothing.
 */
import { isArray, isObject, type Json } from "./json.ts";
import { type Call, type Condition, requests, type Tables } from "./protocol.ts";
import { DoubtError, type Replica } from "./replica.ts";

/** By falling preference; a server that lacks one answers "unknown method". */
export const monitorMethods = ["monitor_cond_since", "monitor_cond", "monitor"] as const;
export type MonitorMethod = (typeof monitorMethods)[number];

const noTransaction = "00000000-0000-0000-0000-000000000000";
/** Updates kept while the reply is outstanding. */
const maxDeferred = 64;

export class Monitor {
  state: "idle" | "requested" | "live" = "idle";
  /** Name of the present monitor at the server; a new one for each request, so that updates of a former one are told apart. */
  id = 0;
  #method: MonitorMethod = "monitor_cond_since";
  #lastTransaction = noTransaction;
  #deferred: { method: string; params: readonly Json[] }[] = [];

  constructor(readonly database: string, public tables: Tables, readonly replica: Replica) {}

  /** Whether some table has conditions, which the plain `monitor` cannot express. */
  get conditional(): boolean {
    return Object.values(this.tables).some(({ where }) => where !== undefined);
  }

  request(method: MonitorMethod, id: number): Call {
    this.state = "requested";
    this.id = id;
    this.#method = method;
    this.#deferred = [];
    if (method === "monitor_cond_since") return requests.monitorCondSince(this.database, id, this.tables, this.#lastTransaction);
    return method === "monitor_cond" ? requests.monitorCond(this.database, id, this.tables) : requests.monitor(this.database, id, this.tables);
  }

  /** Takes the reply. Throws DoubtError. */
  reply(result: Json): void {
    if (this.#method === "monitor_cond_since") this.#replySince(result);
    else this.replica.load(result, this.#method === "monitor" ? 1 : 2);
    this.state = "live";
    for (const { method, params } of this.#deferred.splice(0)) this.#apply(method, params);
  }

  /** Takes `update`, `update2` or `update3`. False: it belongs to another monitor. Throws DoubtError. */
  notification(method: string, params: readonly Json[]): boolean {
    if (params[0] !== this.id || this.state === "idle") return false;
    if (this.state === "live") this.#apply(method, params);
    else if (this.#deferred.push({ method, params }) > maxDeferred) throw new DoubtError(`${method}: more than ${maxDeferred} updates before the monitor's reply`);
    return true;
  }

  /** The connection is gone, or (`doubt`) what the replica holds cannot be trusted as a base of differences. */
  lost(doubt: boolean): void {
    this.state = "idle";
    this.#deferred = [];
    this.replica.synchronized = false;
    if (doubt) this.#lastTransaction = noTransaction;
  }

  /** New conditions for some tables: the replica follows with the updates that come. */
  changeConditions(conditions: { [table: string]: readonly Condition[] }): Call {
    this.#lastTransaction = noTransaction; // a transaction id holds for the conditions it was seen under
    const tables = { ...this.tables };
    for (const table of Object.keys(conditions)) tables[table] = { ...tables[table], where: conditions[table]! };
    this.tables = tables;
    return requests.monitorCondChange(this.id, this.id, conditions);
  }

  #replySince(result: Json): void {
    if (!isArray(result) || typeof result[0] !== "boolean" || typeof result[1] !== "string" || !isObject(result[2])) throw new DoubtError("monitor_cond_since: expected [found, transaction, updates]");
    const [found, transaction, updates] = result;
    if (found) this.replica.apply(updates, 2);
    else this.replica.load(updates, 2);
    this.replica.synchronized = true;
    this.#lastTransaction = transaction;
  }

  #apply(method: string, params: readonly Json[]): void {
    if (method === "update3") {
      if (typeof params[1] !== "string") throw new DoubtError("update3: expected a transaction id");
      this.replica.apply(params[2] ?? null, 2);
      this.#lastTransaction = params[1];
    } else {
      this.replica.apply(params[1] ?? null, method === "update" ? 1 : 2);
    }
  }
}
