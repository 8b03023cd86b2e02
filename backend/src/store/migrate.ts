// SPDX-License-Identifier: Apache-2.0
import type { Database, Queryable } from "../ports.ts";
import { migrations } from "./migrations/index.ts";

/** Any number "securebox" would do: processes that start together migrate one after the other. */
const LOCK = 7_325_680;

/**
 * Brings the schema to this program's version, all of it or nothing. Throws when the database is newer than the program: what an older
 * program would write there may mean something else by now.
 */
export async function migrate(database: Database, steps = migrations): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.query(`SELECT pg_advisory_xact_lock(${LOCK})`);
    await tx.query("CREATE TABLE IF NOT EXISTS schema_migrations (number integer PRIMARY KEY, name text NOT NULL, applied timestamptz NOT NULL DEFAULT now())");
    const version = await currentVersion(tx);
    if (version > steps.length) throw new Error(`the database has schema version ${version}, this program knows ${steps.length}: it was written by a newer release; start that one, or restore a backup`);
    for (const [index, { name, statements }] of steps.entries()) {
      if (index < version) continue;
      for (const statement of statements) await tx.query(statement);
      await tx.query("INSERT INTO schema_migrations (number, name) VALUES ($1, $2)", [index + 1, name]);
    }
  });
}

async function currentVersion(tx: Queryable): Promise<number> {
  const [row] = await tx.query<{ version: number }>("SELECT coalesce(max(number), 0)::integer AS version FROM schema_migrations");
  return row!.version;
}
