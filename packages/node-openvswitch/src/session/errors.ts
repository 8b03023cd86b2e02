// SPDX-License-Identifier: Apache-2.0
// What may befall any call over a connection, whatever the protocol.

/** The deadline of a call passed. The peer may still act on it. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";
  constructor(readonly operation: string, readonly timeout: number) {
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

/** The peer reads too slowly: the bounded queue of outgoing bytes, or of waiting calls, is full. Nothing was queued. */
export class QueueFullError extends Error {
  override readonly name = "QueueFullError";
  constructor(readonly operation: string, readonly limit: number) {
    super(`${operation}: queue is full (limit ${limit})`);
  }
}
