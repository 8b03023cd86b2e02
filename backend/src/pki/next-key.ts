// SPDX-License-Identifier: Apache-2.0
/*
 * The signing key of the next epoch, made before the recovery key signs for it.
 *
 *   prepareKey --> next_key --the recovery key's documents come--> adoptKey: it signs, all others are revoked
 *
 * Only the last one made can be adopted, so what somebody read here before a recovery began is worth nothing afterwards.
 */
import type { PublicKey } from "@securebox/contract";
import { RequestError, type Database, type NextKeys, type Queryable } from "../ports.ts";
import { epochOfKeys, lockKeys, makeKey, readKeys, trustedKeys } from "./signing-keys.ts";

interface Row { epoch: string | number; private_pem: string; public_key: PublicKey }

/** The epoch is at least the time in seconds, so that it is also higher than one that a restored backup does not know of. */
export async function prepareKey(database: Database, now: number): Promise<NextKeys> {
  const { privateKey, ...key } = makeKey("sign", now);
  return database.transaction(async (tx) => {
    await lockKeys(tx);
    const epoch = Math.max(Math.floor(now / 1000), 1 + epochOfKeys(await readKeys(tx)));
    await tx.query("DELETE FROM next_key");
    await tx.query("INSERT INTO next_key (epoch, private_pem, public_key) VALUES ($1, $2, $3::jsonb)", [epoch, privateKey, JSON.stringify(key)]);
    return nextKeys(tx, now, { epoch, private_pem: privateKey, public_key: key });
  });
}

/** Throws a RequestError 409 when another epoch, or none, was prepared. */
export async function adoptKey(tx: Queryable, epoch: number, now: number): Promise<NextKeys> {
  await lockKeys(tx);
  const [row] = await tx.query<Row>("DELETE FROM next_key RETURNING epoch, private_pem, public_key");
  if (!row || Number(row.epoch) !== epoch) throw new RequestError(409, "another recovery was begun since, or this one is over already: begin again");
  const next = await nextKeys(tx, now, row);
  const { id, publicKey, notBefore, notAfter } = row.public_key;
  await tx.query("UPDATE keys SET retired = coalesce(retired, now()), revoked = coalesce(revoked, now()) WHERE use = 'sign'");
  await tx.query("INSERT INTO keys (id, use, private_pem, public_pem, not_before, not_after, epoch, created) VALUES ($1, 'sign', $2, $3, $4, $5, $6, clock_timestamp())", [id, row.private_pem, publicKey, notBefore, notAfter, epoch]);
  return next;
}

/** In the order in which they are read later: the document that is made of them then is the same. */
async function nextKeys(tx: Queryable, now: number, { epoch, public_key }: Row): Promise<NextKeys> {
  const recovery = trustedKeys(await readKeys(tx), now).filter(({ use }) => use === "recovery");
  return { epoch: Number(epoch), keys: [...recovery, public_key] };
}
