// SPDX-License-Identifier: Apache-2.0
/* OVSDB, RFC 7047 and ovsdb-server(7): a client that stays connected (OvsdbClient), and the machines it is made of. */
export { OvsdbClient, type OvsdbOptions, type MonitorHandle } from "./client.ts";
export { Transaction, type PlainCondition, type PlainMutation, type PlainRow } from "./transaction.ts";
export { Replica, DoubtError, equalValues, type Change, type ChangeListener, type ReplicaTables, type UpdateFormat } from "./replica.ts";
export { Monitor, monitorMethods, type MonitorMethod } from "./monitor.ts";
export { Session, type Done, type SessionOptions, type SessionOutput } from "./session.ts";
export { JsonFramer, type FramerOptions } from "./framer.ts";
export { decodeJson, encodeJson, type Json } from "./json.ts";
export { decodeSchema } from "./schema.ts";
export { decodeRow, decodeValue, defaultValue, encodeRow, encodeValue } from "./value.ts";
export * from "./errors.ts";
export * from "./protocol.ts";
export type * from "./types.ts";
export type { Lock } from "./locks.ts";
export * from "../session/errors.ts";
export { Connection, type ConnectionHandlers, type ConnectionOptions, type Ports } from "../session/connection.ts";
export { Reconnect, type ReconnectAction, type ReconnectOptions, type ReconnectState } from "../session/reconnect.ts";
