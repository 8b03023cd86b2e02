// SPDX-License-Identifier: Apache-2.0
import type { Events } from "@securebox/contract";
import type { EventRow, Queryable } from "../ports.ts";
import { iso, present } from "../store/values.ts";
import { storable, storableInstant } from "./storable.ts";

interface Stored { id: number; network: string; gateway: string | null; at: Date; received: Date; level: string; event: string; fields: Record<string, unknown> }
const COLUMNS = "id, network, gateway, at, received, level, event, fields";
const LEVELS = ["debug", "info", "warn", "error"];

/** Newest first. `level`: this one and above. */
export async function listEvents(database: Queryable, { network, gateway, level, before, limit }: { network?: string; gateway?: string; level?: string; before?: number; limit: number }): Promise<EventRow[]> {
  const levels = level === undefined ? LEVELS : LEVELS.slice(Math.max(0, LEVELS.indexOf(level)));
  const conditions: string[] = [];
  const parameters: unknown[] = [];
  const where = (condition: string, value: unknown): void => void conditions.push(condition.replace("?", `$${parameters.push(value)}`));
  if (network !== undefined) where("network = ?", network);
  if (gateway !== undefined) where("gateway = ?", gateway);
  if (before !== undefined) where("id < ?", before);
  if (levels.length < LEVELS.length) conditions.push(`level IN (${levels.map((name) => `'${name}'`).join(", ")})`); // literal, so that the partial index serves
  const rows = await database.query<Stored>(`SELECT ${COLUMNS} FROM events ${conditions.length > 0 ? `WHERE ${conditions.join(" AND ")}` : ""} ORDER BY id DESC LIMIT $${parameters.push(limit)}`, parameters);
  return rows.map(rowOf);
}

/** The number up to which the stream is stored; -1: nothing. */
export async function storedUpTo(database: Queryable, gateway: string, stream: string): Promise<number> {
  const [row] = await database.query<{ stored: number }>("SELECT stored FROM streams WHERE gateway = $1 AND stream = $2", [gateway, stream]);
  return row?.stored ?? -1;
}

/**
 * Stores what is new and resolves with it, and the number up to which the stream is stored now. A gateway sends the oldest events that it has, so what is
 * missing below was lost to a full outbox. Repeats are known by their numbers, also after retention removed the events.
 */
export async function storeEvents(tx: Queryable, network: string, gateway: string, { stream, events }: Events, received: number): Promise<{ added: EventRow[]; stored: number }> {
  const [held] = await tx.query<{ stored: number }>(
    `INSERT INTO streams (gateway, stream, stored, used) VALUES ($1, $2, -1, $3)
     ON CONFLICT (gateway, stream) DO UPDATE SET used = excluded.used RETURNING stored`, [gateway, stream, new Date(received)]);
  const before = held!.stored;
  const fresh = events.filter(({ n }) => n > before).map((event) => storable({ ...event, at: iso(storableInstant(event.at, received)) }));
  if (fresh.length === 0) return { added: [], stored: before };
  const rows = await tx.query<Stored>(
    `INSERT INTO events (network, gateway, stream, n, at, received, level, event, fields)
     SELECT $1, $2, $3, n, at, $4, level, event, fields FROM jsonb_to_recordset($5::jsonb) AS e (n bigint, at timestamptz, level text, event text, fields jsonb) ORDER BY n
     ON CONFLICT (gateway, stream, n) DO NOTHING RETURNING ${COLUMNS}`, [network, gateway, stream, new Date(received), JSON.stringify(fresh)]);
  const stored = Math.max(...fresh.map(({ n }) => n));
  await tx.query("UPDATE streams SET stored = $3 WHERE gateway = $1 AND stream = $2", [gateway, stream, stored]);
  return { added: rows.map(rowOf), stored };
}

function rowOf(row: Stored): EventRow {
  return present({ ...row, at: iso(row.at), received: iso(row.received) }) as EventRow;
}
