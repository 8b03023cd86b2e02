// SPDX-License-Identifier: Apache-2.0
// Messages and operations of RFC 7047 (sections 4 and 5) and of ovsdb-server(7), as plain shapes in wire form.
import { ProtocolError } from "./errors.ts";
import { isArray, isObject, type Json } from "./json.ts";
import type { WireValue } from "./types.ts";

/** [column, function, value] (section 5.1), or a constant, which Open vSwitch allows too. */
export type Condition = readonly [column: string, test: "<" | "<=" | "==" | "!=" | ">=" | ">" | "includes" | "excludes", value: WireValue] | boolean;
/** [column, mutator, value] (section 5.1). */
export type Mutation = readonly [column: string, mutator: "+=" | "-=" | "*=" | "/=" | "%=" | "insert" | "delete", value: WireValue];
export type WireRow = { readonly [column: string]: WireValue };

/** Operations of a transaction (section 5.2). */
export type Operation =
  | { op: "insert"; table: string; row: WireRow; "uuid-name"?: string; uuid?: string }
  | { op: "select"; table: string; where: readonly Condition[]; columns?: readonly string[] }
  | { op: "update"; table: string; where: readonly Condition[]; row: WireRow }
  | { op: "mutate"; table: string; where: readonly Condition[]; mutations: readonly Mutation[] }
  | { op: "delete"; table: string; where: readonly Condition[] }
  /** `timeout` in milliseconds; without it the transaction waits until its own deadline. */
  | { op: "wait"; table: string; where: readonly Condition[]; columns: readonly string[]; until: "==" | "!="; rows: readonly WireRow[]; timeout?: number }
  | { op: "commit"; durable: boolean }
  | { op: "abort" }
  | { op: "comment"; comment: string }
  | { op: "assert"; lock: string };

/** Result of one operation, by its kind. */
export interface OperationResult {
  /** insert */
  uuid?: WireValue;
  /** select */
  rows?: readonly WireRow[];
  /** update, mutate, delete */
  count?: number;
}

export interface MonitorSelect {
  initial?: boolean;
  insert?: boolean;
  delete?: boolean;
  modify?: boolean;
}

/** What to watch of one table (section 4.1.5). `where` needs monitor_cond. */
export interface MonitorTable {
  columns?: readonly string[];
  where?: readonly Condition[];
  select?: MonitorSelect;
}

/** A message from the peer, once its shape was checked. */
export type Message =
  | { type: "reply"; id: Json; result: Json; error: Json }
  | { type: "request"; id: Json; method: string; params: readonly Json[] }
  | { type: "notification"; method: string; params: readonly Json[] };

/** Throws ProtocolError naming the member that is wrong. */
export function decodeMessage(json: Json): Message {
  if (!isObject(json)) throw new ProtocolError("message: expected an object");
  const { id = null, method, params, result, error } = json;
  if (method === undefined) {
    if (id === null || (result === undefined && error === undefined)) throw new ProtocolError("message: expected method, or id with result and error");
    return { type: "reply", id, result: result ?? null, error: error ?? null };
  }
  if (typeof method !== "string") throw new ProtocolError("message: method: expected a string");
  if (!isArray(params)) throw new ProtocolError(`message: ${method}: params: expected an array`);
  return id === null ? { type: "notification", method, params } : { type: "request", id, method, params };
}

/** Parameters of each method that a client may call. */
export const requests = {
  listDatabases: () => call("list_dbs", []),
  getSchema: (database: string) => call("get_schema", [database]),
  transact: (database: string, operations: readonly Operation[]) => call("transact", [database, ...(operations as readonly Json[])]),
  monitor: (database: string, id: Json, tables: Tables) => call("monitor", [database, id, monitorRequests(tables, false)]),
  monitorCond: (database: string, id: Json, tables: Tables) => call("monitor_cond", [database, id, monitorRequests(tables, true)]),
  monitorCondSince: (database: string, id: Json, tables: Tables, last: string) => call("monitor_cond_since", [database, id, monitorRequests(tables, true), last]),
  /** Replaces the conditions of a running monitor; `newId` names it from then on. */
  monitorCondChange: (id: Json, newId: Json, conditions: { [table: string]: readonly Condition[] }) =>
    call("monitor_cond_change", [id, newId, Object.fromEntries(Object.entries(conditions).map(([table, where]) => [table, [{ where }]])) as Json]),
  monitorCancel: (id: Json) => call("monitor_cancel", [id]),
  lock: (name: string) => call("lock", [name]),
  steal: (name: string) => call("steal", [name]),
  unlock: (name: string) => call("unlock", [name]),
  echo: (params: readonly Json[] = []) => call("echo", params),
  getServerId: () => call("get_server_id", []),
  setDatabaseChangeAware: (aware: boolean) => call("set_db_change_aware", [aware]),
  convert: (database: string, schema: Json) => call("convert", [database, schema]),
};

export type Tables = { readonly [table: string]: MonitorTable };
export interface Call {
  method: string;
  params: readonly Json[];
}

function call(method: string, params: readonly Json[]): Call {
  return { method, params };
}

function monitorRequests(tables: Tables, conditional: boolean): Json {
  const result: { [table: string]: Json } = {};
  for (const [name, { columns, where, select }] of Object.entries(tables)) {
    result[name] = [{ columns, ...(conditional && { where }), select: select as Json | undefined }] as Json;
  }
  return result;
}
