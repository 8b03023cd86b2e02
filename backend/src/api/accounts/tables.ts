// SPDX-License-Identifier: Apache-2.0
// Tables of people and programs that use the API. Passwords are kept as scrypt, session and token secrets as SHA-256: a stolen database signs nobody in.
import type { Database, Queryable } from "../../ports.ts";
import { isDiskFull } from "../../store/index.ts";

const TABLES = [
  `CREATE TABLE IF NOT EXISTS api_users (
    name text PRIMARY KEY, password text NOT NULL, role text NOT NULL CHECK (role IN ('viewer', 'operator', 'administrator')),
    networks jsonb, created timestamptz NOT NULL DEFAULT now())`,
  `CREATE TABLE IF NOT EXISTS api_sessions (
    hash text PRIMARY KEY, user_name text NOT NULL REFERENCES api_users ON DELETE CASCADE,
    created timestamptz NOT NULL DEFAULT now(), used timestamptz NOT NULL, expires timestamptz NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS api_tokens (
    id serial PRIMARY KEY, hash text NOT NULL UNIQUE, title text NOT NULL, owner text REFERENCES api_users ON DELETE CASCADE,
    role text NOT NULL CHECK (role IN ('viewer', 'operator', 'administrator')), networks jsonb,
    created timestamptz NOT NULL DEFAULT now(), expires timestamptz, used timestamptz, revoked timestamptz)`,
];

/** Any number "securebox" would do: processes that start together make the tables one after the other. */
const LOCK = 7_325_681;

/** Makes the tables where they are missing. */
export async function prepareAccounts(database: Database): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.query(`SELECT pg_advisory_xact_lock(${LOCK})`);
    for (const table of TABLES) await tx.query(table);
  });
}

/** Notes that a credential was used. On a full disk that stays unnoted: people have to be able to look what is wrong. */
export async function touch(database: Queryable, sql: string, parameters: unknown[]): Promise<void> {
  await database.query(sql, parameters).catch((error: unknown) => { if (!isDiskFull(error)) throw error; });
}

/** ISO 8601 of a timestamp column: the two engines' drivers differ in what they give. */
export function iso(value: unknown): string {
  return new Date(value as string | Date).toISOString();
}
