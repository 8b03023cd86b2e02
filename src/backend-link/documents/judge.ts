// SPDX-License-Identifier: Apache-2.0
// What decides whether a document counts, as the keeper of documents sees it; the contract decides.
import type { DocumentKind, Instant, PublicKey, Refusal, SignedDocument } from "@securebox/contract";

export type Reason = Omit<Refusal, "at">;

export interface Knowledge {
  network: string;
  gateway: string;
  keys: readonly PublicKey[];
  /** Identifiers. */
  revoked: readonly string[];
  /** The highest sequence of this kind so far; undefined: none. */
  sequence: number | undefined;
  /** The present; undefined: not known, only that it is not before `notBefore`. */
  now: Instant | undefined;
  notBefore: Instant;
}

export interface Judge {
  /** Form and digest. `ignored`: paths of fields that are not understood and need not be. */
  decode(bytes: Uint8Array): { ok: true; document: SignedDocument; ignored: string[] } | { ok: false; refusal: Reason };
  /** Signature, key, addressee, sequence, dates. undefined: accepted. "time-unknown": ask again when the time is known. */
  accept(document: SignedDocument, knowledge: Knowledge): Reason | undefined;
}

export type { DocumentKind, SignedDocument };
