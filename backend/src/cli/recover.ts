// SPDX-License-Identifier: Apache-2.0
// `keys recover`: the recovery key signs here, beside its file; the backend never sees it.
import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { keyIdOf, sameRecoveryKeys, signDocument, type PublicKey } from "@securebox/contract";
import { signer } from "../pki/signer.ts";
import type { RecoveryPlan } from "../ports.ts";
import { print, type Context } from "./commands.ts";
import { Refused } from "./errors.ts";
import { UsageError } from "./options.ts";
import * as output from "./output.ts";

interface RecoveryKey { id: string; privateKey: string }

export async function recoverKeys(context: Context): Promise<number> {
  const { client, io, options } = context;
  if (!options.key) throw new UsageError("keys recover needs --key FILE, the recovery key");
  const key = readRecoveryKey(options.key, io.readFile(options.key));
  const { items: trusted } = await client.ask<{ items: PublicKey[] }>("/api/v1/keys");
  checkKey(options.key, key, trusted);
  const { documents } = await client.ask<RecoveryPlan>("/api/v1/keys/recovery", { method: "POST" });
  checkPlan(documents, trusted);
  const signed = documents.map((document) => signDocument<"keys">(signer, key.privateKey, key.id, document));
  const answer = await client.ask<{ items: PublicKey[] }>("/api/v1/keys/recovery", { method: "PUT", body: { documents: signed } });
  return print(context, answer, () => `${output.keys(answer.items)}
recovered: only these keys count from now on; gateways are told now, or when they come back ("securebox-backend gateways" shows which still differ).
Take ${options.key} offline again.
`);
}

/** Throws UsageError. */
function readRecoveryKey(file: string, pem: string): RecoveryKey {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    throw new UsageError(`${file}: no private key in PEM; expected the file recovery-key.pem that the backend's first start wrote`);
  }
  if (key.asymmetricKeyDetails?.namedCurve !== "prime256v1") throw new UsageError(`${file}: a key of another kind; the recovery key is on P-256`);
  return { id: keyIdOf(signer, createPublicKey(key).export({ type: "spki", format: "pem" }) as string), privateKey: key.export({ type: "pkcs8", format: "pem" }) as string };
}

function checkKey(file: string, { id }: RecoveryKey, trusted: readonly PublicKey[]): void {
  const known = trusted.filter(({ use }) => use === "recovery").map((key) => key.id);
  if (!known.includes(id)) throw new Refused(422, "wrong-key", `${file}: this is the key ${id}; the recovery key of this backend is ${known.join(" or ") || "not known"}`);
}

/** What is signed counts at every gateway: a backend that is still the thief's must not get more than a new signing key by it. */
function checkPlan(documents: RecoveryPlan["documents"], trusted: readonly PublicKey[]): void {
  const bad = documents.find(({ kind, body }) => kind !== "keys" || !sameRecoveryKeys(body.keys, trusted) || body.keys.filter(({ use }) => use === "sign").length !== 1);
  if (bad) throw new Refused(422, "wrong-plan", `not signed: the backend asks for more than one new signing key beside the recovery key (network "${bad.network}")`);
}
