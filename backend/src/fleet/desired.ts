// SPDX-License-Identifier: Apache-2.0
/*
 * What each gateway is to have. The transaction that changes a network's policy or settings gives every gateway its next sequence and the digest of the
 * new body; the document itself is made and signed when it is published, from these rows, so that a push costs one statement however many gateways there are.
 */
import { digestOf, type Desired, type Policy, type Settings } from "@securebox/contract";
import type { Queryable } from "../ports.ts";
import type { Context } from "./context.ts";
import { sha256 } from "./hash.ts";

/** A gateway's document without its body. */
export interface Assigned { gateway: string; network: string; sequence: number; digest: string; version: number; issued: number; expires: number }
interface StoredAssigned { id: string; network: string; desired_sequence: number; desired_digest: string; desired_version: number; desired_issued: Date; desired_expires: Date }

/** Acceptance of a document ends; what is in force stays. Milliseconds. */
export const DESIRED_LIFETIME = 30 * 86_400_000;
/** A document with less time left than this is made anew before it is published. */
export const REFRESH_BELOW = 10 * 86_400_000;

const COLUMNS = "id, network, desired_sequence, desired_digest, desired_version, desired_issued, desired_expires";

/** The body for all gateways of the network; undefined: it has no policy yet. */
export async function readBody(tx: Queryable, network: string): Promise<Desired | undefined> {
  const [row] = await tx.query<{ version: number; policy: Policy; settings: Settings }>(
    "SELECT p.version, p.policy, n.settings FROM networks n JOIN policies p ON p.network = n.name AND p.version = n.policy_version WHERE n.name = $1", [network]);
  return row;
}

/** New sequences for the network's gateways, or one of them; where a thief's left no room above, only a recovery does (recovery.ts). The caller holds the network's row lock. False: there is nothing to have. */
export async function assignDesired(tx: Queryable, network: string, now: number, gateway?: string, atLeast = 0): Promise<boolean> {
  const body = await readBody(tx, network);
  if (!body) return false;
  const digest = digestOf({ sha256 }, body);
  await tx.query("UPDATE networks SET desired_digest = $2 WHERE name = $1", [network, digest]);
  await tx.query(
    `UPDATE gateways SET desired_sequence = least(greatest(desired_sequence + 1, $7::bigint), ${Number.MAX_SAFE_INTEGER}), desired_digest = $2, desired_version = $3, desired_issued = $4, desired_expires = $5
     WHERE network = $1 AND state = 'enrolled' AND ($6::text IS NULL OR id = $6)`,
    [network, digest, body.version, new Date(now), new Date(now + DESIRED_LIFETIME), gateway ?? null, atLeast]);
  return true;
}

/**
 * A gateway that knows a higher number than we ever gave it: our database is a restored backup, or somebody else signs with our key. It is sent nothing until
 * somebody pushes a policy, so that an old one does not come back unasked.
 */
export async function hold({ database, live, log }: Pick<Context, "database" | "live" | "log">, network: string, gateway: string, ahead: number): Promise<void> {
  const rows = await database.query("UPDATE gateways SET ahead = $2 WHERE id = $1 AND desired_sequence < $2 AND ahead IS DISTINCT FROM $2 RETURNING id", [gateway, ahead]);
  if (rows.length === 0) return;
  log("warn", "desired.held", { gateway, network, has: ahead, message: "this backend was restored from an older backup: nothing is sent until a policy is pushed" });
  live.emit({ kind: "gateway", network, gateway });
}

/** A push decides: its number is above what the gateways know. The caller holds the network's row lock, and then calls assignDesired. */
export async function release(tx: Queryable, network: string): Promise<boolean> {
  const rows = await tx.query("UPDATE gateways SET desired_sequence = greatest(desired_sequence, ahead), ahead = NULL WHERE network = $1 AND ahead IS NOT NULL RETURNING id", [network]);
  return rows.length > 0;
}

/** What the enrolled gateways of a network are to have now, or those named; not those that are held. */
export async function readAssigned(database: Queryable, wanted: { network: string } | { gateways: readonly string[] }): Promise<Assigned[]> {
  const [condition, value] = "network" in wanted ? ["network = $1", wanted.network] : ["id IN (SELECT jsonb_array_elements_text($1::jsonb))", JSON.stringify(wanted.gateways)];
  const rows = await database.query<StoredAssigned>(`SELECT ${COLUMNS} FROM gateways WHERE ${condition} AND state = 'enrolled' AND desired_sequence > 0 AND ahead IS NULL`, [value]);
  return rows.map((row) => ({
    gateway: row.id, network: row.network, sequence: row.desired_sequence, digest: row.desired_digest, version: row.desired_version,
    issued: row.desired_issued.getTime(), expires: row.desired_expires.getTime(),
  }));
}
