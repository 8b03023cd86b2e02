// SPDX-License-Identifier: Apache-2.0
import type { Database } from "../ports.ts";
import { migrate } from "./migrate.ts";
import { openPglite } from "./pglite.ts";
import { openPostgresql } from "./postgresql.ts";

export { DatabaseError, isDiskFull, isDuplicate, isReferenced } from "./errors.ts";

/** `directory`: the embedded database there, made when missing; undefined in it: in memory. `url`: postgresql://USER:PASSWORD@HOST:PORT/NAME */
export type DatabaseLocation = { directory: string | undefined } | { url: string };

/** Opens the database and brings its schema up to date. Rejects with a DatabaseError that says what to do. */
export async function openDatabase(location: DatabaseLocation): Promise<Database> {
  const database = "url" in location ? openPostgresql(location.url) : await openPglite(location.directory);
  try {
    await migrate(database);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}
