// SPDX-License-Identifier: Apache-2.0
/*
 * The keys that sign documents, in the table `keys`.
 *
 *   current --rotate--> retired (believed until its end) --or--> revoked (never believed again)
 *
 * Private halves of retired and revoked keys stay: a gateway that was away during rotations trusts only an old one, and is led to the present by a keys
 * document that the old one signed. The recovery key's private half is never stored: it is given to the administrator once.
 */
import { keyIdOf, type PublicKey } from "@securebox/contract";
import type { Database, Queryable } from "../ports.ts";
import { signer } from "./signer.ts";
import { DAY, makeKeyPair } from "./x509.ts";

const SIGNING_LIFETIME = 5 * 365 * DAY;
const RECOVERY_LIFETIME = 20 * 365 * DAY;
/** A gateway's clock may be behind ours. */
const BACKDATE = DAY;

export interface StoredKey extends PublicKey { privateKey?: string; retired: boolean; revoked: boolean }
interface Row { id: string; use: "sign" | "recovery"; private_pem: string | null; public_pem: string; not_before: string | number; not_after: string | number; retired: unknown; revoked: unknown }

/** Oldest first. */
export async function readKeys(database: Queryable): Promise<StoredKey[]> {
  const rows = await database.query<Row>("SELECT id, use, private_pem, public_pem, not_before, not_after, retired, revoked FROM keys ORDER BY created, retired NULLS LAST, id");
  return rows.map((row) => ({
    id: row.id, use: row.use, publicKey: row.public_pem, notBefore: Number(row.not_before), notAfter: Number(row.not_after),
    ...(row.private_pem !== null && { privateKey: row.private_pem }), retired: row.retired !== null, revoked: row.revoked !== null,
  }));
}

/** Makes both keys when there are none; the recovery key's private half is what this returns then, and the only time. The caller keeps other processes out. */
export async function makeFirstKeys(tx: Queryable, now: number): Promise<string | undefined> {
  if ((await readKeys(tx)).length > 0) return undefined;
  await addKey(tx, "sign", now);
  return addKey(tx, "recovery", now);
}

/** Returns the private key. */
async function addKey(tx: Queryable, use: "sign" | "recovery", now: number): Promise<string> {
  const { privateKey, publicKey } = makeKeyPair();
  const notAfter = now + (use === "sign" ? SIGNING_LIFETIME : RECOVERY_LIFETIME);
  await tx.query("INSERT INTO keys (id, use, private_pem, public_pem, not_before, not_after, created) VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp())",
    [keyIdOf(signer, publicKey), use, use === "sign" ? privateKey : null, publicKey, now - BACKDATE, notAfter]);
  return privateKey;
}

/** A new current key; the one before is retired, or revoked. */
export async function rotateKeys(database: Database, now: number, { revoke }: { revoke: boolean }): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.query("SELECT pg_advisory_xact_lock(7325681)"); // two rotations at once: one after the other
    await tx.query(`UPDATE keys SET retired = coalesce(retired, now()), revoked = CASE WHEN $1::boolean AND retired IS NULL THEN now() ELSE revoked END WHERE use = 'sign' AND retired IS NULL`, [revoke]);
    await addKey(tx, "sign", now);
  });
}

/** What gateways are to trust. */
export function trustedKeys(keys: readonly StoredKey[], now: number): PublicKey[] {
  return keys.filter(({ revoked, notAfter }) => !revoked && notAfter > now).map(({ id, use, publicKey, notBefore, notAfter }) => ({ id, use, publicKey, notBefore, notAfter }));
}
