// SPDX-License-Identifier: Apache-2.0
// What the queries on api_users, api_sessions and api_tokens (store/migrations/003-accounts.ts) share.
import type { Queryable } from "../../ports.ts";
import { isDiskFull } from "../../store/index.ts";

/** Notes that a credential was used. On a full disk that stays unnoted: people have to be able to look what is wrong. */
export async function touch(database: Queryable, sql: string, parameters: unknown[]): Promise<void> {
  await database.query(sql, parameters).catch((error: unknown) => { if (!isDiskFull(error)) throw error; });
}

/** ISO 8601 of a timestamp column: the two engines' drivers differ in what they give. */
export function iso(value: unknown): string {
  return new Date(value as string | Date).toISOString();
}
