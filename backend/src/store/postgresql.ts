// SPDX-License-Identifier: Apache-2.0
// A PostgreSQL server: a pool for queries, one connection more for notifications.
import pg from "pg";
import type { Database, Queryable } from "../ports.ts";
import { DatabaseError, databaseError } from "./errors.ts";
import { Listener } from "./listener.ts";
import { retryLostRaces } from "./retry.ts";

const CONNECTIONS = 10;
/** A restart of the server is waited for this long before a caller hears of it. Milliseconds. */
const PATIENCE = 5000;
const PAUSE = 200;

/** Milliseconds. The last two hold also when the server is silent: a half-open connection. */
const timeouts = {
  lock_timeout: 10_000, statement_timeout: 15_000, idle_in_transaction_session_timeout: 30_000,
  connectionTimeoutMillis: 4000, query_timeout: 20_000,
} as const;

/** int8 (counters, identifiers, milliseconds) as number: none of ours passes 2^53. */
const types = {
  getTypeParser: (oid: number, format?: "text" | "binary") => (oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format)),
} as pg.CustomTypesConfig;

/** Does not connect yet. Throws for an address that is none. */
export function openPostgresql(url: string): Database {
  const target = describe(url);
  const config: pg.PoolConfig = { connectionString: url, max: CONNECTIONS, keepAlive: true, types, application_name: "securebox", ...timeouts };
  return new ServerDatabase(new pg.Pool(config), new Listener(() => new pg.Client({ ...config, statement_timeout: 0, query_timeout: 4000 })), target);
}

class ServerDatabase implements Database {
  readonly engine = "postgresql";
  #closed = false;

  constructor(private readonly pool: pg.Pool, private readonly listener: Listener, private readonly target: string) {
    // Idle connections end when the server does; the next query makes a new one.
    pool.on("error", () => {});
  }

  query<Row>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    return this.#withClient((client) => run<Row>(client, sql, parameters));
  }

  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    return retryLostRaces(() => this.#withClient(async (client) => {
      await run(client, "BEGIN");
      try {
        const result = await work({ query: (sql, parameters = []) => run(client, sql, parameters) });
        await run(client, "COMMIT");
        return result;
      } catch (error) {
        await run(client, "ROLLBACK").catch(() => { /* the connection is gone, and the transaction with it */ });
        throw error;
      }
    }));
  }

  async notify(channel: string, payload: string): Promise<void> {
    await this.query("SELECT pg_notify($1, $2)", [channel, payload]);
  }

  listen(channel: string, received: (payload: string) => void): Promise<() => Promise<void>> {
    return this.listener.listen(channel, received);
  }

  async problem(): Promise<string | undefined> {
    try {
      const client = await this.pool.connect();
      await run(client, "SELECT 1").finally(() => client.release());
      return this.listener.problem;
    } catch (error) {
      return databaseError(error, `connect to ${this.target}`).message;
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.listener.close();
    await this.pool.end();
  }

  /** A connection that failed is not used again. */
  async #withClient<T>(use: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#connect();
    const ignore = (): void => {}; // told by the query that fails
    client.on("error", ignore);
    let broken = false;
    try {
      return await use(client);
    } catch (error) {
      broken = error instanceof DatabaseError && error.transient && !/^(40|55)/.test(error.code); // after a lost race or a lock that took too long it is sound
      throw error;
    } finally {
      client.off("error", ignore);
      client.release(broken);
    }
  }

  async #connect(): Promise<pg.PoolClient> {
    const until = Date.now() + PATIENCE;
    for (;;) {
      try {
        return await this.pool.connect();
      } catch (error) {
        const failure = databaseError(error, `connect to ${this.target}`);
        if (this.#closed || !failure.transient || Date.now() > until) throw failure;
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
      }
    }
  }
}

async function run<Row>(client: pg.ClientBase, sql: string, parameters: unknown[] = []): Promise<Row[]> {
  try {
    return (await client.query(sql, parameters)).rows as Row[];
  } catch (error) {
    throw databaseError(error, "query");
  }
}

/** HOST:PORT/NAME, without user and password. */
function describe(url: string): string {
  try {
    const { host, pathname, searchParams } = new URL(url);
    return `${searchParams.get("host") ?? host}${pathname}`;
  } catch {
    throw new DatabaseError("database: the address is not of the form postgresql://USER:PASSWORD@HOST:PORT/NAME", "", false);
  }
}
