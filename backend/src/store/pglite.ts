// SPDX-License-Identifier: Apache-2.0
// The embedded database: PostgreSQL in WebAssembly, one connection in this process. Queries wait while a transaction runs.
import { mkdir, open, readFile, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import { PGlite, types } from "@electric-sql/pglite";
import type { Database, Queryable } from "../ports.ts";
import { Checkpoints } from "./checkpoints.ts";
import { databaseError } from "./errors.ts";
import { DiskRoom } from "./room.ts";
import { retryLostRaces } from "./retry.ts";

/** Two processes on one directory would destroy it: PGlite itself does not notice. */
const LOCK_FILE = "securebox.lock";

/** `directory` undefined: in memory, gone when it is closed. Rejects when another process has the directory, it cannot be read, or its disk is full. */
export async function openPglite(directory: string | undefined, free?: () => number): Promise<Database> {
  if (directory !== undefined) await mkdir(directory, { recursive: true, mode: 0o700 });
  const room = directory === undefined ? undefined : new DiskRoom(directory, free);
  room?.admit("open");
  const unlock = directory === undefined ? async () => {} : await lockDirectory(directory);
  try {
    const options = { relaxedDurability: false, parsers: { [types.INT8]: Number } };
    const pglite = directory === undefined ? new PGlite(options) : new PGlite(join(directory, "data"), options);
    await pglite.waitReady;
    return new EmbeddedDatabase(pglite, room, unlock);
  } catch (error) {
    await unlock();
    throw databaseError(error, `open ${directory ?? "in memory"}`);
  }
}

class EmbeddedDatabase implements Database {
  readonly engine = "pglite";
  readonly #checkpoints = new Checkpoints({ query: (sql) => this.#query(this.pglite, sql, []) });
  constructor(private readonly pglite: PGlite, private readonly room: DiskRoom | undefined, private readonly unlock: () => Promise<void>) {}

  async query<Row>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    const rows = await this.#query<Row>(this.pglite, sql, parameters);
    this.#written(1);
    return rows;
  }

  async transaction<T>(run: (tx: Queryable) => Promise<T>): Promise<T> {
    const result = await retryLostRaces(() => this.pglite.transaction(async (tx) => run({
      query: <Row>(sql: string, parameters: unknown[] = []) => this.#query<Row>(tx, sql, parameters),
    })) as Promise<T>);
    this.#written(4); // more or less
    return result;
  }

  async #query<Row>(on: Pick<PGlite, "query">, sql: string, parameters: unknown[]): Promise<Row[]> {
    this.room?.admit(sql);
    return (await on.query<Row>(sql, parameters).catch(failed)).rows;
  }

  /** What was asked is done and is answered; the log is looked after behind it. */
  #written(statements: number): void {
    this.#checkpoints.written(statements).catch(() => {}); // a disk that is full, or a database that is closed: told elsewhere, and looked again later
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
    return this.query("SELECT 1").then(() => this.room?.problem(), (error: Error) => error.message);
  }

  async close(): Promise<void> {
    if (!this.pglite.closed) await this.pglite.close();
    await this.unlock();
  }
}

function failed(error: unknown): never {
  throw databaseError(error, "query");
}

/** Directories that this process has open. */
const ours = new Set<string>();

/** Holds a file that names our process; that of a process that is gone is taken over. Returns what gives it back. */
async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  const file = join(await realpath(directory), LOCK_FILE);
  const refuse = (who: string): never => { throw databaseError(new Error(`${who} has it open; only one may (several processes need PostgreSQL: DATABASE_URL)`), `open ${directory}`); };
  if (ours.has(file)) refuse("this process");
  const [owner = ""] = (await readFile(file, "utf8").catch(() => "")).split(" ");
  if (await isHeld(file)) refuse(`process ${owner}`);
  await rm(file, { force: true });
  const handle = await open(file, "wx", 0o600).catch(() => refuse("another process"));
  await handle.writeFile(`${process.pid} ${await startOf(process.pid)}`);
  await handle.close();
  ours.add(file);
  return async () => {
    ours.delete(file);
    await rm(file, { force: true });
  };
}

/** A process id alone proves nothing: after a crash in a container, or a reboot, another process has it. */
async function isHeld(file: string): Promise<boolean> {
  const [pid, start] = (await readFile(file, "utf8").catch(() => "")).split(" ");
  return start !== undefined && start !== "" && start === (await startOf(Number(pid)));
}

/** When a process began, proc(5) `starttime` with the boot's identifier; empty: there is no such process. */
async function startOf(pid: number): Promise<string> {
  try {
    const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).replace(/^.*\) /s, "").split(" ");
    return `${fields[19]}@${(await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim()}`;
  } catch {
    return "";
  }
}
