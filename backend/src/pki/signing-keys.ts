// SPDX-License-Identifier: Apache-2.0
/*
 * The keys that sign documents, in the table `keys`.
 *
 *   current --rotate--> retired (believed until its end) --or--> revoked (never believed again)
 *   all of an epoch --recovery (next-key.ts)--> revoked, and the first key of the next epoch signs
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

export interface StoredKey extends PublicKey { privateKey?: string; epoch: number; retired: boolean; revoked: boolean }
interface Row { id: string; use: "sign" | "recovery"; private_pem: string | null; public_pem: string; not_before: string | number; not_after: string | number; epoch: string | number; retired: unknown; revoked: unknown }

/** Oldest first. */
export async function readKeys(database: Queryable): Promise<StoredKey[]> {
  const rows = await database.query<Row>("SELECT id, use, private_pem, public_pem, not_before, not_after, epoch, retired, revoked FROM keys ORDER BY created, retired NULLS LAST, id");
  return rows.map((row) => ({
    id: row.id, use: row.use, publicKey: row.public_pem, notBefore: Number(row.not_before), notAfter: Number(row.not_after), epoch: Number(row.epoch),
    ...(row.private_pem !== null && { privateKey: row.private_pem }), retired: row.retired !== null, revoked: row.revoked !== null,
  }));
}

/** Makes both keys when there are none; the recovery key's private half is what this returns then, and the only time. The caller keeps other processes out. */
export async function makeFirstKeys(tx: Queryable, now: number): Promise<string | undefined> {
  if ((await readKeys(tx)).length > 0) return undefined;
  await addKey(tx, "sign", now, 0);
  return addKey(tx, "recovery", now, 0);
}

export function makeKey(use: "sign" | "recovery", now: number): PublicKey & { privateKey: string } {
  const { privateKey, publicKey } = makeKeyPair();
  return { id: keyIdOf(signer, publicKey), use, publicKey, notBefore: now - BACKDATE, notAfter: now + (use === "sign" ? SIGNING_LIFETIME : RECOVERY_LIFETIME), privateKey };
}

/** Returns the private key. */
async function addKey(tx: Queryable, use: "sign" | "recovery", now: number, epoch: number): Promise<string> {
  const { id, publicKey, privateKey, notBefore, notAfter } = makeKey(use, now);
  await tx.query("INSERT INTO keys (id, use, private_pem, public_pem, not_before, not_after, epoch, created) VALUES ($1, $2, $3, $4, $5, $6, $7, clock_timestamp())",
    [id, use, use === "sign" ? privateKey : null, publicKey, notBefore, notAfter, epoch]);
  return privateKey;
}

/** Whoever changes keys at the same time waits. */
export async function lockKeys(tx: Queryable): Promise<void> {
  await tx.query("SELECT pg_advisory_xact_lock(7325681)");
}

export const epochOfKeys = (keys: readonly StoredKey[]): number => Math.max(0, ...keys.map(({ epoch }) => epoch));

/** A new current key; the one before is retired, or revoked. */
export async function rotateKeys(database: Database, now: number, { revoke }: { revoke: boolean }): Promise<void> {
  await database.transaction(async (tx) => {
    await lockKeys(tx);
    await tx.query(`UPDATE keys SET retired = coalesce(retired, now()), revoked = CASE WHEN $1::boolean AND retired IS NULL THEN now() ELSE revoked END WHERE use = 'sign' AND retired IS NULL`, [revoke]);
    await addKey(tx, "sign", now, epochOfKeys(await readKeys(tx)));
  });
}

/** What gateways are to trust. A recovery key is listed also after its end: they refuse a signing key's document that leaves it out. */
export function trustedKeys(keys: readonly StoredKey[], now: number): PublicKey[] {
  return keys.filter(({ use, revoked, notAfter }) => !revoked && (use === "recovery" || notAfter > now)).map(({ id, use, publicKey, notBefore, notAfter }) => ({ id, use, publicKey, notBefore, notAfter }));
}
