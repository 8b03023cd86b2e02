// SPDX-License-Identifier: Apache-2.0
// The embedded database: PostgreSQL in WebAssembly, one connection in this process. Queries wait while a transaction runs.
import { open, mkdir, readFile, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { PGlite, types } from "@electric-sql/pglite";
import type { Database, Queryable } from "../ports.ts";
import { databaseError } from "./errors.ts";
import { retryLostRaces } from "./retry.ts";

/** Two processes on one directory would destroy it: PGlite itself does not notice. */
const LOCK_FILE = "securebox.lock";

/** `directory` undefined: in memory, gone when it is closed. Rejects when another process has the directory, or it cannot be read. */
export async function openPglite(directory: string | undefined): Promise<Database> {
  const unlock = directory === undefined ? async () => {} : await lockDirectory(directory);
  try {
    const options = { relaxedDurability: false, parsers: { [types.INT8]: Number } };
    const pglite = directory === undefined ? new PGlite(options) : new PGlite(join(directory, "data"), options);
    await pglite.waitReady;
    return new EmbeddedDatabase(pglite, unlock);
  } catch (error) {
    await unlock();
    throw databaseError(error, `open ${directory ?? "in memory"}`);
  }
}

class EmbeddedDatabase implements Database {
  readonly engine = "pglite";
  constructor(private readonly pglite: PGlite, private readonly unlock: () => Promise<void>) {}

  async query<Row>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    return (await this.pglite.query<Row>(sql, parameters).catch(failed)).rows;
  }

  async transaction<T>(run: (tx: Queryable) => Promise<T>): Promise<T> {
    return retryLostRaces(() => this.pglite.transaction(async (tx) => run({
      query: async <Row>(sql: string, parameters: unknown[] = []) => (await tx.query<Row>(sql, parameters).catch(failed)).rows,
    })) as Promise<T>);
  }

  async notify(channel: string, payload: string): Promise<void> {
    await this.query("SELECT pg_notify($1, $2)", [channel, payload]);
  }

  async listen(channel: string, received: (payload: string) => void): Promise<() => Promise<void>> {
    const end = await this.pglite.listen(channel, received);
    return async () => { if (!this.pglite.closed) await end(); };
  }

  async problem(): Promise<string | undefined> {
    if (this.pglite.closed) return "the database is closed";
    return this.query("SELECT 1").then(() => undefined, (error: Error) => error.message);
  }

  async close(): Promise<void> {
    if (!this.pglite.closed) await this.pglite.close();
    await this.unlock();
  }
}

function failed(error: unknown): never {
  throw databaseError(error, "query");
}

/** Holds a file with our process id; that of a process that is gone is taken over. Returns what gives it back. */
async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, LOCK_FILE);
  for (let attempt = 0; attempt < 2; attempt++) {
    const handle = await open(file, "wx", 0o600).catch(() => undefined);
    if (handle) return holding(handle, file);
    const owner = Number(await readFile(file, "utf8").catch(() => ""));
    if (owner !== process.pid && isAlive(owner)) throw databaseError(new Error(`process ${owner} has it open; only one may (several processes need PostgreSQL: DATABASE_URL)`), `open ${directory}`);
    if (owner === process.pid) throw databaseError(new Error("this process has it open already"), `open ${directory}`);
    await rm(file, { force: true });
  }
  throw databaseError(new Error(`cannot create ${file}`), `open ${directory}`);
}

async function holding(handle: FileHandle, file: string): Promise<() => Promise<void>> {
  await handle.writeFile(String(process.pid));
  await handle.close();
  return () => rm(file, { force: true });
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
