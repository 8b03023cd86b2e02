// SPDX-License-Identifier: Apache-2.0
/*
 * What a signing key may not do, so that a stolen one can be taken back: touch the recovery keys, or begin an epoch.
 *
 *   epoch 0 --keys document by the recovery key, epoch n--> epoch n: its signing keys alone, all numbers anew --...
 */
import type { Keys, PublicKey, RefusalCode, Revocation, SignedDocument } from "../documents.ts";
import { canonicalJson } from "./canonical.ts";

export type Reason = readonly [RefusalCode, string] | undefined;

export const epochOf = ({ epoch = 0 }: { epoch?: number }): number => epoch;

/** Of a document that was accepted, or is about to be: whether it puts an end to all other signing keys and to the numbers so far. */
export function beginsEpoch(document: SignedDocument, current = 0): boolean {
  return epochOf(document) > current;
}

/** Whether both have the same recovery keys, field by field, in whatever order. */
export function sameRecoveryKeys(one: readonly PublicKey[], other: readonly PublicKey[]): boolean {
  const recovery = (keys: readonly PublicKey[]): string => keys.filter(({ use }) => use === "recovery").map((key) => canonicalJson(key)).sort().join();
  return recovery(one) === recovery(other);
}

/** A second key of the same name would stand in for the first: names are those of the content, and stand once. undefined: no mistake. `idOf` may throw. */
export function mistakeInKeys(keys: readonly PublicKey[], idOf: (publicKey: string) => string): string | undefined {
  const at = keys.findIndex(({ id, publicKey }, index) => idOf(publicKey) !== id || keys.findIndex((other) => other.id === id) !== index);
  return at < 0 ? undefined : `body.keys[${at}].id: ${keys[at]!.id} is not that of its publicKey, or stands twice`;
}

/** Whether the signer, who is one of `keys`, goes beyond what its use allows; undefined: no. */
export function overreach(document: SignedDocument, { keys, epoch = 0 }: { keys: readonly PublicKey[]; epoch?: number }): Reason {
  const isRecovery = keys.some(({ id, use }) => id === document.key && use === "recovery");
  if (epochOf(document) < epoch) return ["epoch", `epoch: ${epochOf(document)} ended when the recovery key began ${epoch}`];
  if (beginsEpoch(document, epoch) && !(isRecovery && document.kind === "keys")) return ["epoch", `epoch: ${epochOf(document)} was not begun; it is ${epoch}, and only a keys document by the recovery key begins another`];
  return isRecovery ? undefined : touchesRecovery(document, keys);
}

function touchesRecovery({ kind, body }: SignedDocument, known: readonly PublicKey[]): Reason {
  if (kind === "keys" && !sameRecoveryKeys((body as Keys).keys, known)) return ["recovery-key", "body.keys: the recovery keys differ; only the recovery key may change them"];
  const revoked = kind === "revocation" && known.find(({ id, use }) => use === "recovery" && (body as Revocation).keys.includes(id));
  return revoked ? ["recovery-key", `body.keys: ${revoked.id} is a recovery key; a signing key cannot revoke it`] : undefined;
}
