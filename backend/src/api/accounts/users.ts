// SPDX-License-Identifier: Apache-2.0
import type { Database, Queryable, Role } from "../../ports.ts";
import { RequestError } from "../../ports.ts";
import { checkPassword, hashPassword, makePassword } from "./passwords.ts";
import { iso } from "./tables.ts";

export interface UserRow { name: string; role: Role; /** Absent: all. */ networks?: string[]; created: string }
interface Stored { name: string; role: Role; networks: string[] | null; created: unknown }

export const FIRST_ADMINISTRATOR = "admin";

/** The password of the administrator when this call made it, which is the only time that anybody can see it; undefined: there are users already. */
export async function ensureAdministrator(database: Database): Promise<string | undefined> {
  const [{ count }] = (await database.query<{ count: number }>("SELECT count(*)::int AS count FROM api_users")) as [{ count: number }];
  if (count > 0) return undefined;
  const password = makePassword();
  const made = await database.query(
    "INSERT INTO api_users (name, password, role) SELECT $1, $2, 'administrator' WHERE NOT EXISTS (SELECT FROM api_users) ON CONFLICT DO NOTHING RETURNING name",
    [FIRST_ADMINISTRATOR, await hashPassword(password)]);
  return made.length > 0 ? password : undefined;
}

/** A new password for a user who lost theirs, and the end of their sessions. Throws a RequestError when there is no such user. */
export async function resetPassword(database: Database, name: string): Promise<string> {
  const password = makePassword();
  await changePassword(database, name, password);
  return password;
}

export async function listUsers(database: Queryable): Promise<UserRow[]> {
  return (await database.query<Stored>("SELECT name, role, networks, created FROM api_users ORDER BY name")).map(rowOf);
}

/** undefined: no such user or another password. Takes the same time for both. */
export async function findByPassword(database: Queryable, name: string, password: string): Promise<UserRow | undefined> {
  const [user] = await database.query<Stored & { password: string }>("SELECT * FROM api_users WHERE name = $1", [name]);
  return (await checkPassword(password, user?.password)) && user ? rowOf(user) : undefined;
}

/** Throws a RequestError 409 when the name is taken. */
export async function addUser(database: Queryable, user: { name: string; password: string; role: Role; networks?: string[] }): Promise<UserRow> {
  const [made] = await database.query<Stored>(
    "INSERT INTO api_users (name, password, role, networks) VALUES ($1, $2, $3, $4::jsonb) ON CONFLICT DO NOTHING RETURNING name, role, networks, created",
    [user.name, await hashPassword(user.password), user.role, user.networks ? JSON.stringify(user.networks) : null]);
  if (!made) throw new RequestError(409, `there is a user "${user.name}" already`);
  return rowOf(made);
}

/** Ends the user's sessions, but the one given. Tokens stay. */
export async function changePassword(database: Database, name: string, password: string, keepSession = ""): Promise<void> {
  const hash = await hashPassword(password);
  await database.transaction(async (tx) => {
    const changed = await tx.query("UPDATE api_users SET password = $2 WHERE name = $1 RETURNING name", [name, hash]);
    if (changed.length === 0) throw noUser(name);
    await tx.query("DELETE FROM api_sessions WHERE user_name = $1 AND hash <> $2", [name, keepSession]);
  });
}

/** With the user's sessions and tokens. The last administrator of all networks stays: 409. */
export async function removeUser(database: Database, name: string): Promise<void> {
  await database.transaction(async (tx) => {
    const users = await tx.query<Stored>("SELECT name, role, networks, created FROM api_users FOR UPDATE");
    if (!users.some((user) => user.name === name)) throw noUser(name);
    const others = users.filter((user) => user.name !== name && user.role === "administrator" && user.networks === null);
    if (others.length === 0) throw new RequestError(409, `"${name}" is the last administrator; add another one first`);
    await tx.query("DELETE FROM api_users WHERE name = $1", [name]);
  });
}

function rowOf({ name, role, networks, created }: Stored): UserRow {
  return { name, role, ...(networks ? { networks } : {}), created: iso(created) };
}

function noUser(name: string): RequestError {
  return new RequestError(404, `there is no user "${name}"`);
}
