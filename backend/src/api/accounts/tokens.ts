// SPDX-License-Identifier: Apache-2.0
// API tokens of programs: "sbt_" and 256 random bits, shown once. A token can do no more than its owner can now.
import { rename, rm, writeFile } from "node:fs/promises";
import type { Actor, Database, Queryable, Role } from "../../ports.ts";
import { RequestError } from "../../ports.ts";
import type { Caller } from "../types.ts";
import { atMost } from "../roles.ts";
import { hashSecret, makeSecret } from "./passwords.ts";
import { iso, touch } from "./tables.ts";

const PREFIX = "sbt_";
/** `used` is written at most this often. Milliseconds. */
const TOUCH = 60_000;
/** Rows of one owner, ended ones included. */
const MAX_TOKENS = 500;
/** How long the row of an ended token stays to be looked at. */
const KEPT_DAYS = 90;

export interface TokenRow {
  id: number; title: string; owner?: string; role: Role; networks?: string[]; created: string; expires?: string; used?: string; revoked?: string;
}
interface Stored { id: number; title: string; owner: string | null; role: Role; networks: string[] | null; created: unknown; expires: unknown; used: unknown; revoked: unknown }
const COLUMNS = "id, title, owner, role, networks, created, expires, used, revoked";

export interface NewToken { title: string; owner?: string; role: Role; networks?: string[]; expires?: Date }

/** Throws a RequestError 409 when the owner has too many. */
export async function createToken(database: Queryable, wanted: NewToken): Promise<{ token: string; row: TokenRow }> {
  await database.query(`DELETE FROM api_tokens WHERE least(expires, revoked) < now() - interval '${KEPT_DAYS} days'`);
  const [{ count }] = (await database.query<{ count: number }>("SELECT count(*)::int AS count FROM api_tokens WHERE owner IS NOT DISTINCT FROM $1", [wanted.owner ?? null])) as [{ count: number }];
  if (count >= MAX_TOKENS) throw new RequestError(409, `there are ${MAX_TOKENS} tokens already; the ended ones go after ${KEPT_DAYS} days`);
  const token = `${PREFIX}${makeSecret()}`;
  const [made] = await database.query<Stored>(
    `INSERT INTO api_tokens (hash, title, owner, role, networks, expires) VALUES ($1, $2, $3, $4, $5::jsonb, $6) RETURNING ${COLUMNS}`,
    [hashSecret(token), wanted.title, wanted.owner ?? null, wanted.role, wanted.networks ? JSON.stringify(wanted.networks) : null, wanted.expires ?? null]);
  return { token, row: rowOf(made!) };
}

/** `owner` absent: everybody's. */
export async function listTokens(database: Queryable, owner?: string): Promise<TokenRow[]> {
  return (await database.query<Stored>(`SELECT ${COLUMNS} FROM api_tokens WHERE $1::text IS NULL OR owner = $1 ORDER BY id`, [owner ?? null])).map(rowOf);
}

/** Throws a RequestError 404 when there is none, or it is not `owner`'s. */
export async function revokeToken(database: Queryable, id: number, owner?: string): Promise<void> {
  const revoked = await database.query("UPDATE api_tokens SET revoked = coalesce(revoked, now()) WHERE id = $1 AND ($2::text IS NULL OR owner = $2) RETURNING id", [id, owner ?? null]);
  if (revoked.length === 0) throw new RequestError(404, `there is no token ${id}`);
}

export type TokenFailure = "unknown" | "expired" | "revoked";

export async function findToken(database: Queryable, token: string, now: number): Promise<Caller | { failure: TokenFailure; title?: string }> {
  const [found] = await database.query<Stored & { owner_role: Role | null; owner_networks: string[] | null }>(
    `SELECT ${COLUMNS.split(", ").map((column) => `t.${column}`).join(", ")}, u.role AS owner_role, u.networks AS owner_networks
     FROM api_tokens t LEFT JOIN api_users u ON u.name = t.owner WHERE t.hash = $1`, [hashSecret(token)]);
  if (!found) return { failure: "unknown" };
  if (found.revoked) return { failure: "revoked", title: found.title };
  if (found.expires && new Date(found.expires as string).getTime() <= now) return { failure: "expired", title: found.title };
  if (!found.used || now - new Date(found.used as string).getTime() > TOUCH) await touch(database, "UPDATE api_tokens SET used = $2 WHERE id = $1", [found.id, new Date(now)]);
  return { actor: actorOf(found), by: "token", credential: String(found.id) };
}

export async function tokenStillValid(database: Queryable, id: number, now: number): Promise<boolean> {
  const found = await database.query("SELECT id FROM api_tokens WHERE id = $1 AND revoked IS NULL AND (expires IS NULL OR expires > $2)", [id, new Date(now)]);
  return found.length > 0;
}

function actorOf(found: Stored & { owner_role: Role | null; owner_networks: string[] | null }): Actor {
  const role = found.owner_role ? atMost(found.role, found.owner_role) : found.role;
  const networks = found.networks && found.owner_networks ? found.networks.filter((name) => found.owner_networks!.includes(name)) : (found.networks ?? found.owner_networks);
  const name = found.owner ? `${found.owner} (${found.title})` : found.title;
  return networks ? { name, kind: "token", role, networks } : { name, kind: "token", role };
}

/** What the command line finds on the backend's own machine; whoever may read the file is the administrator. */
export interface LocalAccess { url: string; token: string; ca?: string }

/**
 * Writes FILE (mode 0600) with a new administrator's token for the command line on this machine; the token of the last start ends. `name` tells apart
 * the processes that share a database.
 */
export async function writeLocalAccess(database: Database, file: string, name: string, access: Omit<LocalAccess, "token">): Promise<void> {
  const title = `local:${name}`;
  await database.query("DELETE FROM api_tokens WHERE owner IS NULL AND title = $1", [title]);
  const { token } = await createToken(database, { title, role: "administrator" });
  await rm(`${file}.new`, { force: true });
  await writeFile(`${file}.new`, `${JSON.stringify({ ...access, token })}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

function rowOf({ id, title, owner, role, networks, created, expires, used, revoked }: Stored): TokenRow {
  return {
    id, title, role, created: iso(created), ...(owner ? { owner } : {}), ...(networks ? { networks } : {}),
    ...(expires ? { expires: iso(expires) } : {}), ...(used ? { used: iso(used) } : {}), ...(revoked ? { revoked: iso(revoked) } : {}),
  };
}
