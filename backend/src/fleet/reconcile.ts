// SPDX-License-Identifier: Apache-2.0
/*
 * Desired against reported. A push publishes at once and a hello compares; what falls between them (a broker that was away, a process that died after its
 * commit) is found here: gateways that are online and whose report has differed for a while get their document again.
 */
import type { Reported } from "@securebox/contract";
import type { Queryable } from "../ports.ts";
import type { Context } from "./context.ts";
import { readAssigned, REFRESH_BELOW } from "./desired.ts";
import { renumber } from "./incoming/hello.ts";
import type { Room } from "./incoming/take.ts";

/** Time that a push needs by itself. */
const SETTLING = 10_000;
/** Of one round. */
const MAX_REFRESHED = 200;

/** Of the processes that ask, one gets the work `name` until the time is over. */
export async function lease(database: Queryable, name: string, millis: number): Promise<boolean> {
  const rows = await database.query(
    `INSERT INTO leases (name, until) VALUES ($1, now() + $2 * interval '1 millisecond')
     ON CONFLICT (name) DO UPDATE SET until = excluded.until WHERE leases.until <= now() RETURNING name`, [name, millis]);
  return rows.length > 0;
}

/** Publishes to gateways that are online and do not report what they should have for longer than SETTLING. Resolves with their number. */
export async function reconcile({ context, publisher }: Pick<Room, "context" | "publisher">): Promise<number> {
  const refreshed = await refresh(context);
  const { database, now } = context;
  const rows = await database.query<{ id: string; desired_sequence: number; refused: Reported["refused"] | null }>(
    `SELECT id, desired_sequence, reported->'refused' AS refused FROM gateways WHERE state = 'enrolled' AND presence = 'online' AND desired_digest IS NOT NULL AND desired_issued < $1
     AND reported->'desired'->>'digest' IS DISTINCT FROM desired_digest`, [new Date(now() - SETTLING)]);
  const behind = rows.filter(({ refused, desired_sequence }) => !(refused?.kind === "desired" && refused.sequence === desired_sequence)).map(({ id }) => id);
  const gateways = [...new Set([...refreshed, ...behind])];
  if (gateways.length > 0) await publisher.publish(await readAssigned(database, { gateways }));
  return behind.length;
}

/** Documents of gateways that do not have them yet are dated anew before they expire, also those that the broker keeps for who is offline. */
async function refresh(context: Context): Promise<string[]> {
  const { database, now } = context;
  const rows = await database.query<{ id: string; network: string }>(
    `SELECT id, network FROM gateways WHERE state = 'enrolled' AND desired_expires < $1 AND reported->'desired'->>'digest' IS DISTINCT FROM desired_digest
     ORDER BY desired_expires LIMIT ${MAX_REFRESHED}`,
    [new Date(now() + REFRESH_BELOW)]);
  for (const { id, network } of rows) await renumber({ context }, network, id, 0);
  return rows.map(({ id }) => id);
}

/** Everybody whose last report differs, refused or not, online or not: after the broker may have lost what it retained. */
export async function republishDifferent({ context: { database }, publisher }: Pick<Room, "context" | "publisher">): Promise<void> {
  const rows = await database.query<{ id: string }>(
    "SELECT id FROM gateways WHERE state = 'enrolled' AND desired_digest IS NOT NULL AND reported->'desired'->>'digest' IS DISTINCT FROM desired_digest");
  if (rows.length > 0) await publisher.publish(await readAssigned(database, { gateways: rows.map(({ id }) => id) }));
}
