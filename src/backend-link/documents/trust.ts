// SPDX-License-Identifier: Apache-2.0
// Which keys are believed, and what of the kept state outlives a change of them.
import { beginsEpoch, epochOf, sameRecoveryKeys, type PublicKey, type SignedDocument } from "@securebox/contract";
import type { LinkStore } from "../types.ts";

export type Kept = ReturnType<LinkStore["documents"]>;
/** Keys as an enrolment gives them. */
export interface EnrolledKeys { keys: PublicKey[]; epoch: number }

const MAX_REVOKED = 256;

/** Also those that were revoked since: a document by one of them is told so. */
export function listedKeys({ keys, initialKeys }: Kept): PublicKey[] {
  return keys?.body.keys ?? initialKeys.keys;
}

/** The document's number, if it counts in the present epoch. */
export function numberIn(kept: Kept, document: SignedDocument | undefined): number | undefined {
  return document && epochOf(document) === epochOf(kept) ? document.sequence : undefined;
}

/** After an accepted keys document. One that begins an epoch ends all that was numbered before it, and revokes the signing keys that it leaves out. */
export function withKeys(kept: Kept, document: SignedDocument<"keys">): Kept {
  if (!beginsEpoch(document, kept.epoch)) return { ...kept, keys: document, sequences: { ...kept.sequences, keys: document.sequence } };
  const listed = new Set(document.body.keys.map(({ id }) => id));
  const revoked = [...kept.revoked, ...listedKeys(kept).map(({ id }) => id)].filter((id) => !listed.has(id));
  return { ...kept, keys: document, epoch: epochOf(document), revoked: newest(revoked), sequences: { keys: document.sequence } };
}

export function withRevocation(kept: Kept, { body, sequence }: SignedDocument<"revocation">): Kept {
  return { ...kept, revoked: newest([...kept.revoked, ...body.keys]), sequences: { ...kept.sequences, revocation: sequence } };
}

/** Who enrols by a token trusts that backend from then on, whatever was before. What was revoked stays so; numbers of another epoch say nothing. */
export function withEnrolment(kept: Kept, { keys, epoch }: EnrolledKeys): Kept {
  return { ...kept, keys: undefined, initialKeys: { keys }, epoch, sequences: epoch === epochOf(kept) ? kept.sequences : {} };
}

/**
 * Whether a new certificate, which was asked for by HTTPS, may bring its keys along: TLS alone vouches for them, and whoever has the authority's key passes for the
 * backend there. So they change neither the recovery key nor the epoch; signing keys that were wrong, the recovery key takes back.
 */
export function mayReplace(kept: Kept, { keys, epoch }: EnrolledKeys): boolean {
  const known = listedKeys(kept);
  return known.length === 0 || (epoch === epochOf(kept) && sameRecoveryKeys(keys, known));
}

const newest = (revoked: string[]): string[] => [...new Set(revoked)].slice(-MAX_REVOKED);
