// SPDX-License-Identifier: Apache-2.0
/*
 * The keys and revocation documents of each network: only the newest of each kind matters. They are signed per gateway, by a key that it believes. A gateway of
 * an earlier epoch gets what the recovery key signed, and nothing else: it connects anew after that, and says so.
 */
import { beginsEpoch, digestOf, encodeDocument, topicOf, type Hello, type Keys, type Revocation, type SignedDocument } from "@securebox/contract";
import type { Queryable } from "../ports.ts";
import type { Context } from "./context.ts";
import { sha256 } from "./hash.ts";
import { readRecovery } from "./recovery.ts";

type Kind = "keys" | "revocation";
const LIFETIME = 30 * 86_400_000;

/** New documents where the bodies differ from the stored ones, for every network. */
export async function renewKeyDocuments({ database, pki, now }: Context): Promise<void> {
  await database.transaction(async (tx) => {
    const revoked = await tx.query<{ id: string }>("SELECT id FROM keys WHERE revoked IS NOT NULL ORDER BY id");
    const networks = await tx.query<{ name: string }>("SELECT name FROM networks ORDER BY name FOR UPDATE");
    for (const { name } of networks) {
      await store(tx, "keys", name, { keys: pki.keys }, now());
      if (revoked.length > 0) await store(tx, "revocation", name, { keys: revoked.map(({ id }) => id) }, now());
    }
  });
}

/** The sequence is at least the time in seconds: a network that was removed and made again, or a restored backup, does not begin below what gateways know. */
async function store(tx: Queryable, kind: Kind, network: string, body: Keys | Revocation, now: number): Promise<void> {
  await tx.query(
    `INSERT INTO documents (kind, network, sequence, digest, body, issued, expires) VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7)
     ON CONFLICT (kind, network) DO UPDATE SET sequence = greatest(documents.sequence + 1, excluded.sequence), digest = excluded.digest, body = excluded.body, issued = excluded.issued, expires = excluded.expires
     WHERE documents.digest <> excluded.digest`,
    [kind, network, Math.floor(now / 1000), digestOf({ sha256 }, body), JSON.stringify(body), new Date(now), new Date(now + LIFETIME)]);
}

interface KeyDocument { kind: Kind; sequence: number; body: Keys & Revocation; }

async function readKeyDocuments(database: Queryable, network: string): Promise<KeyDocument[]> {
  return database.query<KeyDocument>("SELECT kind, sequence, body FROM documents WHERE network = $1 ORDER BY kind", [network]);
}

/** `recovery` comes alone. */
export interface MissingKeys { recovery?: SignedDocument<"keys">; documents: KeyDocument[] }

/** What a gateway that says this of its keys does not have. */
export async function missingKeys({ database, pki }: Context, network: string, known: Partial<Pick<Hello, Kind | "epoch">>): Promise<MissingKeys> {
  const recovery = pki.epoch > (known.epoch ?? 0) ? await readRecovery(database, network) : undefined;
  if (recovery && beginsEpoch(recovery, known.epoch)) return { recovery, documents: [] };
  return { documents: (await readKeyDocuments(database, network)).filter(({ kind, sequence }) => sequence > (known[kind] ?? -1)) };
}

/** `believed`: identifiers of the keys that the gateway said it believes; undefined: the present ones. */
export async function publishKeys(context: Context, network: string, gateway: string, { recovery, documents }: MissingKeys, believed: readonly string[] | undefined): Promise<void> {
  if (recovery) await context.broker.publish(topicOf(network, gateway, "keys"), encodeDocument(recovery), { retain: true });
  for (const document of documents) await publishKeyDocument(context, network, gateway, document, believed);
}

/** Dated anew each time; the sequence tells repeats. */
async function publishKeyDocument({ pki, broker, now }: Context, network: string, gateway: string, { kind, sequence, body }: KeyDocument, believed: readonly string[] | undefined): Promise<void> {
  const issued = now();
  // A revocation is signed by a key that stays: the keys document before it has made that one known.
  const document = pki.sign<Kind>({ kind, network, gateway, sequence, issued, expires: issued + LIFETIME, body }, "sign", kind === "keys" ? believed : undefined);
  await broker.publish(topicOf(network, gateway, kind), encodeDocument(document), { retain: true });
}
