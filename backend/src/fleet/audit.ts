// SPDX-License-Identifier: Apache-2.0
// Who did what, or tried to.
import type { Actor, AuditRow, LiveEvent, Queryable } from "../ports.ts";
import { iso, present } from "../store/values.ts";
import { storable } from "./storable.ts";

interface Stored { id: number; at: Date; actor: string; action: string; target: string; network: string | null; outcome: "done" | "refused"; detail: Record<string, unknown>; remote: string | null }

export async function writeAudit(tx: Queryable, entry: Omit<AuditRow, "id" | "at">, tell: (event: LiveEvent) => void): Promise<void> {
  const { actor, action, target, network, outcome, detail, remote } = storable(entry);
  const [row] = await tx.query<{ id: number }>(
    "INSERT INTO audit (actor, action, target, network, outcome, detail, remote) VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7) RETURNING id",
    [actor, action, target, network ?? null, outcome, JSON.stringify(detail), remote ?? null]);
  tell({ kind: "audit", id: row!.id });
}

/** An entry for what `actor` did. */
export function done(actor: Actor, action: string, target: string, network: string | undefined, detail: Record<string, unknown> = {}): Omit<AuditRow, "id" | "at"> {
  return { actor: actor.name, action, target, outcome: "done", detail, ...(network !== undefined && { network }), ...(actor.remote !== undefined && { remote: actor.remote }) };
}

/** Newest first. */
export async function listAudit(database: Queryable, { network, before, limit }: { network?: string; before?: number; limit: number }): Promise<AuditRow[]> {
  const rows = await database.query<Stored>(
    "SELECT * FROM audit WHERE ($1::text IS NULL OR network = $1) AND ($2::bigint IS NULL OR id < $2) ORDER BY id DESC LIMIT $3", [network ?? null, before ?? null, limit]);
  return rows.map((row) => present({ ...row, at: iso(row.at) }) as AuditRow);
}
