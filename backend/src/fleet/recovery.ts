// SPDX-License-Identifier: Apache-2.0
/*
 * Recovery from stolen signing keys. The recovery key is never here: whoever has it gets the documents to sign, one for each network, and brings them back
 * signed. Then the new key signs, all others are revoked, numbers begin anew where a thief had driven them up, and everything is published again.
 */
import { beginsEpoch, decodeDocument, digestOf, encodeDocument, judgeDocument, type SignedDocument } from "@securebox/contract";
import { signer } from "../pki/signer.ts";
import { RequestError, type Actor, type NextKeys, type Queryable, type RecoveryPlan } from "../ports.ts";
import { writeAudit } from "./audit.ts";
import { committed, type Context } from "./context.ts";
import { assignDesired } from "./desired.ts";
import { sha256 } from "./hash.ts";

type KeysDocument = SignedDocument<"keys">;
/** A gateway may come back after years, and only this document leads it to the new keys; its epoch is what makes it count once. */
const LIFETIME = 20 * 365 * 86_400_000;
/** No fleet counts so far by itself: such a number followed a thief's. */
const BELIEVABLE = 2 ** 40;

export async function planRecovery({ database, pki, now }: Context): Promise<RecoveryPlan> {
  const { epoch, keys } = await pki.prepareRecovery();
  const networks = await database.query<{ name: string; sequence: number }>(
    "SELECT n.name, coalesce(d.sequence, 0)::bigint AS sequence FROM networks n LEFT JOIN documents d ON d.network = n.name AND d.kind = 'keys' ORDER BY n.name");
  if (networks.length === 0) throw new RequestError(409, "there is no network yet, and so no gateway that would have to be told");
  const issued = now();
  const document = { kind: "keys" as const, epoch, issued, expires: issued + LIFETIME, body: { keys } };
  return { documents: networks.map(({ name, sequence }) => ({ ...document, network: name, sequence: Math.max(sequence + 1, Math.floor(issued / 1000)) })) };
}

/** Throws a RequestError when a network has no document, or one that is not the planned one signed by the recovery key: then nothing was changed. */
export async function recoverKeys(context: Context, actor: Actor, documents: readonly KeysDocument[]): Promise<void> {
  const epoch = documents[0]?.epoch ?? 0;
  await committed(context, async (tx, tell) => {
    const trusted = context.pki.keys;
    const next = await context.pki.recover(tx, epoch);
    const networks = await tx.query<{ name: string }>("SELECT name FROM networks ORDER BY name FOR UPDATE");
    for (const { name } of networks) {
      const document = documents.find(({ network }) => network === name);
      if (!document) throw new RequestError(409, `there is no document for the network "${name}": begin again`);
      check(document, next, { keys: trusted, epoch: context.pki.epoch, now: context.now() });
      await store(tx, document);
      await tx.query("UPDATE gateways SET ahead = NULL WHERE network = $1", [name]); // what was numbered before says nothing now
      await tx.query(`UPDATE gateways SET desired_sequence = 0 WHERE network = $1 AND desired_sequence > ${BELIEVABLE}`, [name]);
      await assignDesired(tx, name, context.now());
    }
    await writeAudit(tx, { actor: actor.name, action: "keys.recover", target: next.keys.at(-1)!.id, outcome: "done", detail: { epoch, networks: networks.length }, ...(actor.remote !== undefined && { remote: actor.remote }) }, tell);
  });
  await context.pki.changed();
}

/** As a gateway that was never recovered would judge it, and that it says what was planned. */
function check(document: KeysDocument, next: NextKeys, { keys, epoch, now }: { keys: Context["pki"]["keys"]; epoch: number; now: number }): void {
  const bad = (message: string): RequestError => new RequestError(422, `the document for the network "${document.network}": ${message}`);
  const read = decodeDocument(signer, encodeDocument(document));
  if (!read.ok) throw bad(read.refusal.message);
  if (document.kind !== "keys" || document.gateway !== undefined || document.digest !== digestOf({ sha256 }, { keys: next.keys })) throw bad("not the one that was to be signed");
  const refusal = judgeDocument(signer, document, { network: document.network, gateway: "", keys, epoch, revoked: [], sequence: undefined, now, notBefore: 0 });
  if (refusal) throw bad(refusal.message);
  if (document.epoch !== next.epoch || !beginsEpoch(document, epoch)) throw bad("epoch: not the one that was to be signed");
}

async function store(tx: Queryable, document: KeysDocument): Promise<void> {
  const { network, sequence, digest, body, issued, expires } = document;
  await tx.query("INSERT INTO recovery_documents (network, document) VALUES ($1, $2::jsonb) ON CONFLICT (network) DO UPDATE SET document = excluded.document", [network, JSON.stringify(document)]);
  await tx.query(
    `INSERT INTO documents (kind, network, sequence, digest, body, issued, expires) VALUES ('keys', $1, $2, $3, $4::jsonb, $5, $6)
     ON CONFLICT (kind, network) DO UPDATE SET sequence = excluded.sequence, digest = excluded.digest, body = excluded.body, issued = excluded.issued, expires = excluded.expires`,
    [network, sequence, digest, JSON.stringify(body), new Date(issued), new Date(expires)]);
}

/** What leads the network's gateways of earlier epochs to the present one; undefined: there are none. */
export async function readRecovery(database: Queryable, network: string): Promise<KeysDocument | undefined> {
  const [row] = await database.query<{ document: KeysDocument }>("SELECT document FROM recovery_documents WHERE network = $1", [network]);
  return row?.document;
}
