// SPDX-License-Identifier: Apache-2.0
// Signed documents: what a backend orders and a gateway keeps. Each kind has its own sequence per gateway.
import type { Policy } from "./policy.ts";

export const DOCUMENT_VERSION = 1;
export type DocumentKind = "desired" | "keys" | "revocation" | "time" | "intel-list" | "intel-delta";

/** Milliseconds since 1970-01-01 UTC, by the backend's clock. */
export type Instant = number;

/**
 * A document as it goes over the wire: canonical JSON (RFC 8785) of all these fields. `signature` covers the canonical JSON of the
 * document without `signature`; `digest` is the SHA-256 of the canonical JSON of `body`, so equal bodies have equal digests whatever
 * their sequence and time.
 *
 * Unknown fields, in the header or the body: covered by the signature, ignored by name (told in `reported`), unless `critical` lists
 * them: then the document is refused (the rule of JWS, RFC 7515 section 4.1.11). A higher `v` is refused.
 */
export interface SignedDocument<Kind extends DocumentKind = DocumentKind> {
  v: typeof DOCUMENT_VERSION;
  kind: Kind;
  network: string;
  /** Absent: for every gateway of the network. */
  gateway?: string;
  /** Greater than that of every document of this kind before it in its epoch. */
  sequence: number;
  /**
   * Which generation of signing keys it belongs to; absent: 0, the first. Only a keys document that the recovery key signed begins a higher one; from then on
   * documents of lower ones are refused and sequences begin anew, so that nothing a thief signed or numbered outlives the recovery.
   */
  epoch?: number;
  issued: Instant;
  /** Not accepted from then on. What is in force already stays. */
  expires: Instant;
  /** Identifier of the signing key: the first 16 hexadecimal digits of the SHA-256 of its SubjectPublicKeyInfo (DER). */
  key: string;
  /** Paths of fields that a reader must understand, e.g. "body.settings.curfew". */
  critical?: string[];
  /** SHA-256, 64 hexadecimal digits. */
  digest: string;
  body: Bodies[Kind];
  /** ECDSA P-256 with SHA-256, r and s (IEEE P1363), base64. */
  signature: string;
}

export interface Bodies {
  desired: Desired;
  keys: Keys;
  revocation: Revocation;
  time: TimeAnswer;
  "intel-list": IntelList;
  "intel-delta": IntelDelta;
}

/** What a gateway is to enforce. */
export interface Desired {
  /** The version of the network's policy, as people count it. */
  version: number;
  policy: Policy;
  settings: Settings;
}

export interface Settings {
  /** Least level of the events that go to the backend. Default "info". */
  events?: "debug" | "info" | "warn" | "error";
  /** Whether new devices are asked about while their first packet is held. Default true. */
  askDevices?: boolean;
}

/**
 * The keys that may sign from now on. Signed by a key that was trusted before. A signing key adds and retires signing keys; recovery keys stand in its
 * document as they were before, each field of them. The recovery key changes both, and when it begins an epoch, signing keys that it does not list are revoked.
 */
export interface Keys {
  keys: PublicKey[];
}

export interface PublicKey {
  id: string;
  /** "recovery" keys sign only documents of the kinds keys and revocation. */
  use: "sign" | "recovery";
  /** SubjectPublicKeyInfo, PEM. */
  publicKey: string;
  notBefore: Instant;
  notAfter: Instant;
}

/** Never trusted again, whatever a keys document of the same epoch says. A key cannot revoke itself, and a signing key cannot revoke a recovery key. */
export interface Revocation {
  /** Key identifiers. */
  keys: string[];
}

/** What time it is, as an answer to a nonce: the only way by which a gateway learns the present. Sequence is 0; not kept. */
export interface TimeAnswer {
  nonce: string;
  now: Instant;
}

/** Threat intelligence: the whole list, or what changed since list `base`. */
export interface IntelList {
  list: string;
  entries: IntelEntry[];
}

export interface IntelDelta {
  list: string;
  /** Sequence of the list or delta that this one follows. */
  base: number;
  add: IntelEntry[];
  remove: string[];
}

export interface IntelEntry {
  /** An address, a prefix or a DNS name. */
  value: string;
  verdict: "deny" | "allow";
  /** Where it comes from, for people. */
  origin: string;
  until: Instant;
}

/** Why a gateway did not take a document. */
export type RefusalCode =
  | "malformed" | "too-large" | "version" | "critical" | "digest"
  | "unsigned" | "signature" | "unknown-key" | "revoked-key" | "key-use" | "key-period" | "recovery-key" | "epoch"
  | "network" | "gateway" | "older" | "replayed" | "expired" | "not-yet"
  | "policy" | "time-unknown";

export interface Refusal {
  kind: DocumentKind | "unknown";
  code: RefusalCode;
  /** One sentence for people, naming the field or byte. */
  message: string;
  sequence?: number;
  digest?: string;
  at: Instant;
}
