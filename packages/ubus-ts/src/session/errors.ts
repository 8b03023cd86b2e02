// SPDX-License-Identifier: Apache-2.0
// What may befall a request, whoever is asked.
import type { Millis } from "quickjs-ts";
import type { Table } from "../codec/index.ts";

/** Status codes (ubus, ubusmsg.h) under names for code. */
export const StatusCode = {
  "ok": 0, "invalid-command": 1, "invalid-argument": 2, "method-not-found": 3, "not-found": 4, "no-data": 5, "permission-denied": 6, "timeout": 7,
  "not-supported": 8, "unknown-error": 9, "connection-failed": 10, "no-memory": 11, "parse-error": 12, "system-error": 13,
} as const;
export type StatusName = keyof typeof StatusCode;

/** "unknown-error" for a number that is none of them. */
export function statusName(code: number): StatusName {
  return (Object.keys(StatusCode) as StatusName[])[code] ?? "unknown-error";
}

/**
 * The answer was a status other than "ok". Thrown by a handler of ours it becomes the caller's status.
 * `by`: the daemon (no such object, not allowed, ...) or the object's provider, whose use of the codes is its own affair.
 */
export class StatusError extends Error {
  override readonly name = "StatusError";
  readonly code: number;
  /** Of a call: what the provider sent before the status, often nothing. */
  parts: readonly Table[] = [];
  constructor(readonly status: StatusName, readonly operation = "", readonly by: "daemon" | "provider" = "provider", code?: number) {
    super(`${operation ? `${operation}: ` : ""}${status}${code !== undefined && code !== StatusCode[status] ? ` (${code})` : ""}`);
    this.code = code ?? StatusCode[status];
  }
}

/** The deadline of a request passed. The provider may still act on it. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";
  constructor(readonly operation: string, readonly timeout: Millis) {
    super(`${operation}: no answer within ${timeout} ms`);
  }
}

/** The connection was lost, or the client closed. `sent`: the request had left, so that its effect is unknown. */
export class DisconnectedError extends Error {
  override readonly name = "DisconnectedError";
  constructor(readonly operation: string, readonly sent: boolean, readonly reason: string) {
    super(`${operation}: disconnected (${reason})${sent ? ", its effect is unknown" : ""}`);
  }
}

/** The object that was called went away before it answered; the daemon itself would never tell the caller. The effect is unknown. */
export class ProviderGoneError extends Error {
  override readonly name = "ProviderGoneError";
  constructor(readonly operation: string) {
    super(`${operation}: the object went away before it answered`);
  }
}

/** A bound was reached: bytes towards the daemon, requests in flight or waiting, bytes of one answer. Nothing more was queued. */
export class QueueFullError extends Error {
  override readonly name = "QueueFullError";
  constructor(readonly operation: string, readonly limit: number) {
    super(`${operation}: queue is full (limit ${limit})`);
  }
}
