// SPDX-License-Identifier: Apache-2.0
// PGlite has no checkpointer. Without one its log grows as long as the process runs, and so does the time that a start after a kill takes to read it.
import type { Queryable } from "../ports.ts";

/** Bytes of log between two checkpoints. With what PostgreSQL keeps for use again (min_wal_size, 80 MB) the log's files stay below about 150 MB. */
const APART = 48 * 1024 * 1024;
/** Statements between two looks. */
const LOOK_EVERY = 256;

export class Checkpoints {
  #statements = 0;
  #last: number | undefined;

  constructor(private readonly database: Queryable) {}

  /** Call it outside transactions, after what may have written. Rejects with what the database says. */
  async written(statements: number): Promise<void> {
    this.#statements += statements;
    if (this.#last !== undefined && this.#statements < LOOK_EVERY) return;
    this.#statements = 0;
    const [row] = await this.database.query<{ at: number }>("SELECT (pg_current_wal_lsn() - '0/0')::bigint AS at");
    this.#last ??= row!.at;
    if (row!.at - this.#last < APART) return;
    this.#last = row!.at;
    await this.database.query("CHECKPOINT");
  }
}
