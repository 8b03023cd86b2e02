// SPDX-License-Identifier: Apache-2.0

/** What the database refused or why it was not reached. `transient`: the same may work in a moment. Never holds a password. */
export class DatabaseError extends Error {
  override readonly name = "DatabaseError";
  constructor(message: string, readonly code: string, readonly transient: boolean, options?: ErrorOptions) { super(message, options); }
}

/** PostgreSQL's classes (appendix A of its manual) that pass by themselves: connections, resources, an operator's intervention, a lost race. */
const TRANSIENT_CLASSES = ["08", "53", "57", "40"];
/** lock_not_available: another transaction held a row for longer than our lock_timeout. */
const TRANSIENT_CODES = ["55P03"];
const SYSTEM = ["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "ENOENT", "EAI_AGAIN"];
/** What `pg` says without a code. */
const LOST = /Connection terminated|timeout expired|timeout exceeded|Client has encountered a connection error|Query read timeout|not queryable/i;

/** `doing`: for people, "query", "connect to HOST:PORT". */
export function databaseError(error: unknown, doing: string): DatabaseError {
  if (error instanceof DatabaseError) return error;
  const { code = "", message = String(error), detail } = error as { code?: string; message?: string; detail?: string };
  const transient = SYSTEM.includes(code) || TRANSIENT_CODES.includes(code) || (code.length === 5 && TRANSIENT_CLASSES.includes(code.slice(0, 2))) || (code === "" && LOST.test(message));
  return new DatabaseError(`database: ${doing}: ${message || code}${detail ? ` (${detail})` : ""}`, code, transient, { cause: error });
}

/** The transaction lost against another one and did nothing: serialization_failure, deadlock_detected. */
export function lostRace(error: unknown): boolean {
  return error instanceof DatabaseError && (error.code === "40001" || error.code === "40P01");
}

/** unique_violation */
export function isDuplicate(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === "23505";
}

/** foreign_key_violation */
export function isReferenced(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === "23503";
}

/** disk_full, PostgreSQL's own or our word before it comes to that */
export function isDiskFull(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === "53100";
}
