// SPDX-License-Identifier: Apache-2.0
// Errors by whose fault they are: the peer's (ProtocolError), the caller's or the database's (RpcError, OperationError). See also ../session/errors.ts.
import type { Json } from "./json.ts";
import type { Operation } from "./protocol.ts";

/** The peer sent what RFC 7047 does not allow. `at`: byte or character offset within the message, or -1; the connection is given up. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
  constructor(message: string, readonly at = -1) {
    super(at < 0 ? message : `${message} at offset ${at}`);
  }
}

/** A value does not fit its column's type; `path` is "Table.column". Raised before anything is sent, or when a row of the server does not fit its schema. */
export class ValueError extends Error {
  override readonly name = "ValueError";
  constructor(readonly path: string, readonly expected: string, value: unknown) {
    super(`${path}: expected ${expected}, got ${describe(value)}`);
  }
}

/** The reply's `error` member was not null: the method itself was refused, e.g. "unknown database", "unknown method", "canceled". */
export class RpcError extends Error {
  override readonly name = "RpcError";
  constructor(readonly method: string, readonly error: string, readonly details: string | undefined) {
    super(`${method}: ${error}${details ? `: ${details}` : ""}`);
  }
}

/** RFC 7047 section 3.1 and 5.2, and what Open vSwitch adds, under names for code. */
const kinds = {
  "canceled": "canceled",
  "resources exhausted": "resources-exhausted",
  "I/O error": "io-error",
  "syntax error": "syntax-error",
  "unknown database": "unknown-database",
  "unknown table": "unknown-table",
  "unknown column": "unknown-column",
  "duplicate uuid-name": "duplicate-uuid-name",
  "duplicate uuid": "duplicate-uuid",
  "domain error": "domain-error",
  "range error": "range-error",
  "constraint violation": "constraint-violation",
  "referential integrity violation": "referential-integrity-violation",
  "timed out": "timed-out",
  "not supported": "not-supported",
  "not allowed": "not-allowed",
  "permission error": "permission-error",
  "aborted": "aborted",
  "not owner": "not-owner",
  "not leader": "not-leader",
  "cluster error": "cluster-error",
} as const;

export type OperationErrorKind = (typeof kinds)[keyof typeof kinds] | "other";

/** Kinds that say nothing against the request: the same one may succeed later, or at another server. */
const transient: readonly OperationErrorKind[] = ["resources-exhausted", "io-error", "timed-out", "not-owner", "not-leader", "cluster-error"];

/** One operation of a transaction failed; none of them took effect. */
export class OperationError extends Error {
  override readonly name = "OperationError";
  readonly kind: OperationErrorKind;
  /** Whether the same transaction may succeed later. */
  readonly retry: boolean;

  /** `index`: the operation's place; the number of operations when the commit as a whole failed, `operation` being undefined then. */
  constructor(readonly error: string, readonly details: string | undefined, readonly operation: Operation | undefined, readonly index: number) {
    const where = operation ? `operation ${index} (${operation.op}${"table" in operation ? ` ${operation.table}` : ""})` : "commit";
    super(`${where}: ${error}${details ? `: ${details}` : ""}`);
    this.kind = Object.hasOwn(kinds, error) ? kinds[error as keyof typeof kinds] : "other";
    this.retry = transient.includes(this.kind);
  }
}

/** The first error among a transaction's results (section 4.1.3); undefined when it was committed. */
export function transactionError(operations: readonly Operation[], results: readonly Json[]): OperationError | undefined {
  for (let index = 0; index < results.length; index++) {
    const { error, details } = (results[index] ?? {}) as { error?: Json; details?: Json };
    if (typeof error === "string") return new OperationError(error, typeof details === "string" ? details : undefined, operations[index], index);
  }
  return undefined;
}

function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 60));
  if (value instanceof Map) return `a map of ${value.size}`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === "object" && value !== null ? "an object" : String(value);
}
