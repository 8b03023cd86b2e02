// SPDX-License-Identifier: Apache-2.0
// Sessions of browsers. The secret is made here at each sign-in, never taken from the browser: a cookie planted before is worth nothing.
import type { Actor, Queryable, Role } from "../../ports.ts";
import type { Caller } from "../types.ts";
import { hashSecret, makeSecret } from "./passwords.ts";
import { touch } from "./tables.ts";

/** A session ends after 8 hours without a request, and after 7 days in any case. Milliseconds. */
export const SESSION_IDLE = 8 * 3_600_000;
export const SESSION_LIFE = 7 * 24 * 3_600_000;
/** `used` is written at most this often. Milliseconds. */
const TOUCH = 60_000;
/** Of one user; the oldest goes. */
const MAX_SESSIONS = 20;

/** The secret for the cookie. */
export async function startSession(database: Queryable, user: string, now: number): Promise<{ secret: string; expires: Date }> {
  const secret = makeSecret();
  const expires = new Date(now + SESSION_LIFE);
  await database.query("DELETE FROM api_sessions WHERE expires < $1 OR used < $2", [new Date(now), new Date(now - SESSION_IDLE)]);
  await database.query(
    "DELETE FROM api_sessions WHERE user_name = $1 AND hash NOT IN (SELECT hash FROM api_sessions WHERE user_name = $1 ORDER BY created DESC LIMIT $2)", [user, MAX_SESSIONS - 1]);
  await database.query("INSERT INTO api_sessions (hash, user_name, used, expires, created) VALUES ($1, $2, $3, $4, $3)", [hashSecret(secret), user, new Date(now), expires]);
  return { secret, expires };
}

/** The user as they are now: a role that was taken away counts at once. By the cookie's secret, or by the hash that is kept of it. */
export async function findSession(database: Queryable, by: string | { hash: string }, now: number): Promise<Caller | undefined> {
  const hash = typeof by === "string" ? hashSecret(by) : by.hash;
  const [found] = await database.query<{ name: string; role: Role; networks: string[] | null; used: string | Date }>(
    "SELECT u.name, u.role, u.networks, s.used FROM api_sessions s JOIN api_users u ON u.name = s.user_name WHERE s.hash = $1 AND s.expires > $2 AND s.used > $3",
    [hash, new Date(now), new Date(now - SESSION_IDLE)]);
  if (!found) return undefined;
  // An open live stream, checked by the hash, is no use by a person.
  const isUse = typeof by === "string" && now - new Date(found.used).getTime() > TOUCH;
  if (isUse) await touch(database, "UPDATE api_sessions SET used = $2 WHERE hash = $1", [hash, new Date(now)]);
  const actor: Actor = { name: found.name, kind: "user", role: found.role };
  return { actor: found.networks ? { ...actor, networks: found.networks } : actor, by: "session", credential: hash };
}

export async function endSession(database: Queryable, hash: string): Promise<void> {
  await database.query("DELETE FROM api_sessions WHERE hash = $1", [hash]);
}
