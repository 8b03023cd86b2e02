// SPDX-License-Identifier: Apache-2.0
// One JSON-RPC conversation (RFC 7047 section 4) without socket or clock: calls and bytes in, bytes and events out.
import type { Millis } from "quickjs-ts";
import { DeadlineError, DisconnectedError, QueueFullError } from "../session/errors.ts";
import { ProtocolError, RpcError } from "./errors.ts";
import { type FramerOptions, JsonFramer } from "./framer.ts";
import { encodeJson, type Json } from "./json.ts";
import { type Call, decodeMessage, type Message } from "./protocol.ts";

/** Called once, with the result or with RpcError, DeadlineError, DisconnectedError or ProtocolError. */
export type Done = (error: Error | undefined, result: Json) => void;

export interface SessionOutput {
  /** Bytes for the peer. May throw QueueFullError, which then comes out of `call`. */
  send(message: Uint8Array, operation: string): void;
  /** "update", "locked", "stolen", "monitor_canceled", ... */
  notification(method: string, params: readonly Json[]): void;
}

interface Pending {
  method: string;
  deadline: Millis;
  timeout: Millis;
  done: Done;
}

export interface SessionOptions extends FramerOptions {
  /** Calls without a reply at one time. Default 256. */
  maxPending?: number;
}

export class Session {
  readonly #framer: JsonFramer;
  readonly #pending = new Map<number, Pending>();
  readonly #encoder = new TextEncoder();
  readonly #maxPending: number;
  #lastId = 0;
  #closed = false;

  constructor(readonly output: SessionOutput, options: SessionOptions = {}) {
    this.#framer = new JsonFramer(options);
    this.#maxPending = options.maxPending ?? 256;
  }

  /** Sends a request. Returns its id, for `cancel`. Throws QueueFullError, having sent nothing. */
  call({ method, params }: Call, now: Millis, timeout: Millis, done: Done): number {
    if (this.#pending.size >= this.#maxPending) throw new QueueFullError(method, this.#maxPending);
    const id = ++this.#lastId;
    this.#send({ method, params, id }, method);
    this.#pending.set(id, { method, deadline: now + timeout, timeout, done });
    return id;
  }

  /** Asks the server to give a transaction up (section 4.1.4): its call ends with RpcError "canceled", unless it was done already. */
  cancel(id: number): void {
    if (this.#pending.has(id)) this.#send({ method: "cancel", params: [id], id: null }, "cancel");
  }

  /** Takes bytes of the peer. Throws ProtocolError: the connection is of no use any more. */
  receive(chunk: Uint8Array): void {
    this.#framer.push(chunk, (json) => {
      if (!this.#closed) this.#dispatch(decodeMessage(json));
    });
  }

  /** The earliest deadline of a call. */
  deadline(): Millis | undefined {
    let earliest: Millis | undefined;
    for (const { deadline } of this.#pending.values()) if (earliest === undefined || deadline < earliest) earliest = deadline;
    return earliest;
  }

  /** Ends the calls whose deadline passed; a late reply is ignored. */
  expire(now: Millis): void {
    for (const [id, pending] of this.#pending) {
      if (pending.deadline > now) continue;
      if (pending.method === "transact") this.cancel(id); // a transaction that waits would stay with the server
      this.#pending.delete(id);
      pending.done(new DeadlineError(pending.method, pending.timeout), null);
    }
  }

  /** Ends every call: the connection is gone. */
  close(reason: string): void {
    this.#closed = true;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { method, done } of pending) done(new DisconnectedError(method, true, reason), null);
  }

  #dispatch(message: Message): void {
    if (message.type === "reply") this.#reply(message.id, message.result, message.error);
    else if (message.type === "notification") this.output.notification(message.method, message.params);
    else if (message.method === "echo") this.#send({ result: message.params, error: null, id: message.id }, "echo");
    else this.#send({ result: null, error: "unknown method", id: message.id }, message.method);
  }

  #reply(id: Json, result: Json, error: Json): void {
    if (typeof id !== "number" || id > this.#lastId) throw new ProtocolError("reply: an id that was never used");
    const pending = this.#pending.get(id);
    if (!pending) return;
    this.#pending.delete(id);
    if (error === null) pending.done(undefined, result);
    else pending.done(rpcError(pending.method, error), null);
  }

  #send(message: Json, operation: string): void {
    this.output.send(this.#encoder.encode(encodeJson(message)), operation);
  }
}

/** Open vSwitch sends {"error", "details"} or a plain string. */
function rpcError(method: string, error: Json): RpcError {
  if (typeof error === "string") return new RpcError(method, error, undefined);
  const { error: kind, details } = error as { error?: Json; details?: Json };
  return new RpcError(method, typeof kind === "string" ? kind : encodeJson(error), typeof details === "string" ? details : undefined);
}
