// SPDX-License-Identifier: Apache-2.0
/*
 * Signed documents: made, read and judged. Reading (form, version, critical fields, digest) needs nothing but the bytes; judging needs to know who asks,
 * which keys are trusted, what came before and what time it is. A document that fails at a step is told so by the first step that it fails:
 * size, JSON, canonical form, version, kind, fields, critical, digest; then network, gateway, key, its use and period, signature; then epoch and recovery keys
 * (recovery.ts); then sequence and dates.
 */
import { DOCUMENT_VERSION, type DocumentKind, type Instant, type PublicKey, type Refusal, type RefusalCode, type SignedDocument } from "../documents.ts";
import { decodeBase64, encodeBase64, hexadecimal } from "./bytes.ts";
import { canonicalJson } from "./canonical.ts";
import { documentKinds, documentShapes, PolicyError } from "./document-shapes.ts";
import { JsonError, readJson } from "./json.ts";
import { beginsEpoch, mistakeInKeys, overreach, type Reason } from "./recovery.ts";
import { describe, ShapeError } from "./shape.ts";

/** The part of a platform's cryptography that documents need; quickjs-ts's Crypto is one. */
export interface Verifier {
  sha256(data: Uint8Array): Uint8Array;
  /** ECDSA P-256 with SHA-256; r and s (IEEE P1363). */
  verifyP256(publicKey: string, data: Uint8Array, signature: Uint8Array): boolean;
}
export interface Signer {
  sha256(data: Uint8Array): Uint8Array;
  signP256(privateKey: string, data: Uint8Array): Uint8Array;
}

export type DocumentRefusal = Omit<Refusal, "at">;
export type DocumentResult =
  | { ok: true; document: SignedDocument; /** Paths of fields that were not understood and need not be. */ ignored: string[] }
  | { ok: false; refusal: DocumentRefusal };

/** What a judge knows. */
export interface DocumentKnowledge {
  network: string;
  gateway: string;
  keys: readonly PublicKey[];
  /** Identifiers of revoked keys. */
  revoked: readonly string[];
  /** Of the keys; absent: 0. */
  epoch?: number;
  /** The highest sequence of this kind so far in this epoch; undefined: none. */
  sequence: number | undefined;
  /** The present; undefined: only known not to be before `notBefore`. */
  now: Instant | undefined;
  notBefore: Instant;
}

/** How far the clocks of a backend's processes may differ. */
const SKEW = 60_000;

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** SHA-256 of the canonical JSON, hexadecimal: equal for equal values. */
export function digestOf(crypto: Pick<Verifier, "sha256">, value: unknown): string {
  return hexadecimal(crypto.sha256(utf8(canonicalJson(value))));
}

/** The first 16 hexadecimal digits of the SHA-256 of the key's SubjectPublicKeyInfo (DER). */
export function keyIdOf(crypto: Pick<Verifier, "sha256">, publicKeyPem: string): string {
  const body = publicKeyPem.replace(/-----[A-Z ]+-----|\s/g, "");
  return hexadecimal(crypto.sha256(decodeBase64(body))).slice(0, 16);
}

/** Numbers, dates and addresses the document; digest and signature are made here. `key` is the identifier of `privateKey`'s public half. */
export function signDocument<K extends DocumentKind>(crypto: Signer, privateKey: string, key: string, document: Omit<SignedDocument<K>, "v" | "key" | "digest" | "signature">): SignedDocument<K> {
  const unsigned = { ...document, v: DOCUMENT_VERSION, key, digest: digestOf(crypto, document.body) };
  const signature = encodeBase64(crypto.signP256(privateKey, utf8(canonicalJson(unsigned))));
  return { ...unsigned, signature } as SignedDocument<K>;
}

/** The bytes for the wire. */
export function encodeDocument(document: SignedDocument): Uint8Array {
  return utf8(canonicalJson(document));
}

/** Never throws for what stands in the bytes. */
export function decodeDocument(crypto: Pick<Verifier, "sha256">, bytes: Uint8Array): DocumentResult {
  let header: Record<string, unknown> = {};
  try {
    const { text, value } = readJson(bytes);
    header = recordOf(value);
    checkCanonical(text, value);
    return { ok: true, ...decodeValue(crypto, header) };
  } catch (error) {
    const { code, message } = reasonOf(error);
    return { ok: false, refusal: { ...about(header), code, message } };
  }
}

function decodeValue(crypto: Pick<Verifier, "sha256">, value: Record<string, unknown>): { document: SignedDocument; ignored: string[] } {
  const { v, kind, signature } = value;
  if (v !== DOCUMENT_VERSION) throw new Refused(Number.isSafeInteger(v) ? "version" : "malformed", `v: expected ${DOCUMENT_VERSION}, found ${describe(v)}`);
  if (!documentKinds.includes(kind as DocumentKind)) throw new Refused("malformed", `kind: expected one of ${documentKinds.join(", ")}, found ${describe(kind)}`);
  if (signature === undefined || signature === "") throw new Refused("unsigned", "signature: missing");
  const ignored: string[] = [];
  documentShapes[kind as DocumentKind].check(value, "", ignored);
  const document = value as unknown as SignedDocument;
  for (const path of document.critical ?? []) {
    if (ignored.some((field) => path === field || path.startsWith(`${field}.`) || path.startsWith(`${field}[`))) throw new Refused("critical", `${path}: must be understood, and is not known here`);
    if (!has(value, path)) throw new Refused("critical", `critical: ${path} is not in the document`);
  }
  const mistake = kind === "keys" ? mistakeInKeys((document as SignedDocument<"keys">).body.keys, (pem) => keyIdOf(crypto, pem)) : undefined;
  if (mistake !== undefined) throw new Refused("malformed", mistake);
  const digest = digestOf(crypto, document.body);
  if (digest !== document.digest) throw new Refused("digest", `digest: the body's is ${digest.slice(0, 16)}..., found ${document.digest.slice(0, 16)}...`);
  return { document, ignored };
}

/** undefined: accepted. "time-unknown": to be asked again when the time is known; everything but the dates was right. */
export function judgeDocument(crypto: Verifier, document: SignedDocument, knowledge: DocumentKnowledge): DocumentRefusal | undefined {
  const refusal = addressee(document, knowledge) ?? signer(crypto, document, knowledge) ?? overreach(document, knowledge) ?? inTime(document, knowledge);
  return refusal && { ...about(document as unknown as Record<string, unknown>), code: refusal[0], message: refusal[1] };
}

function addressee(document: SignedDocument, { network, gateway }: DocumentKnowledge): Reason {
  if (document.network !== network) return ["network", `network: for ${document.network}; this one is ${network}`];
  if (document.gateway !== undefined && document.gateway !== gateway) return ["gateway", `gateway: for ${document.gateway}; this one is ${gateway}`];
  return undefined;
}

function signer(crypto: Verifier, document: SignedDocument, { keys, revoked }: DocumentKnowledge): Reason {
  const key = keys.find(({ id }) => id === document.key);
  if (revoked.includes(document.key)) return ["revoked-key", `key: ${document.key} was revoked`];
  if (!key) return ["unknown-key", `key: ${document.key} is none of the trusted keys`];
  if (key.use === "recovery" && document.kind !== "keys" && document.kind !== "revocation") return ["key-use", `key: ${key.id} is a recovery key; it signs only keys and revocation documents`];
  if (document.issued < key.notBefore || document.issued >= key.notAfter) return ["key-period", `issued: outside the period of key ${key.id}`];
  if (document.kind === "revocation" && (document as SignedDocument<"revocation">).body.keys.includes(key.id)) return ["key-use", `body.keys: key ${key.id} cannot revoke itself`];
  const { signature, ...signed } = document;
  return verifies(crypto, key.publicKey, utf8(canonicalJson(signed)), decodeBase64(signature)) ? undefined : ["signature", `signature: not made by key ${key.id} for this content`];
}

/** Whoever may sign keys documents may list a key that is none: it has signed nothing. */
function verifies(crypto: Verifier, publicKey: string, data: Uint8Array, signature: Uint8Array): boolean {
  try {
    return crypto.verifyP256(publicKey, data, signature);
  } catch {
    return false;
  }
}

/** A new epoch has no numbers to compare with, and asks nothing of a clock that a thief may have set: its own number is enough against replay. */
function inTime(document: SignedDocument, knowledge: DocumentKnowledge): Reason {
  return beginsEpoch(document, knowledge.epoch) ? undefined : sequence(document, knowledge) ?? dates(document, knowledge);
}

function sequence(document: SignedDocument, knowledge: DocumentKnowledge): Reason {
  if (document.kind === "time" || knowledge.sequence === undefined || document.sequence > knowledge.sequence) return undefined;
  if (document.sequence === knowledge.sequence) return ["replayed", `sequence: ${document.sequence} was here before`];
  return ["older", `sequence: ${document.sequence} is older than ${knowledge.sequence}`];
}

function dates({ issued, expires }: SignedDocument, { now, notBefore }: DocumentKnowledge): Reason {
  if (expires <= issued) return ["malformed", "expires: not after issued"];
  if (expires <= (now ?? notBefore)) return ["expired", `expires: ${iso(expires)} is over; it is ${now === undefined ? "at least " : ""}${iso(now ?? notBefore)}`];
  if (now === undefined) return ["time-unknown", "the time is not known yet"];
  return issued > now + SKEW ? ["not-yet", `issued: ${iso(issued)} is still to come; it is ${iso(now)}`] : undefined;
}

function iso(instant: Instant): string {
  return new Date(instant).toISOString();
}

class Refused extends Error {
  constructor(readonly code: RefusalCode, message: string) { super(message); }
}

function reasonOf(error: unknown): { code: RefusalCode; message: string } {
  if (error instanceof Refused || error instanceof JsonError) return { code: error.code, message: error.message };
  if (error instanceof PolicyError) return { code: "policy", message: error.message };
  if (error instanceof ShapeError || error instanceof TypeError) return { code: "malformed", message: error.message };
  throw error;
}

function recordOf(value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Refused("malformed", `expected an object, found ${describe(value)}`);
  return value as Record<string, unknown>;
}

/** Also finds fields that stand twice, of which JSON.parse keeps one. */
function checkCanonical(text: string, value: unknown): void {
  const canonical = canonicalJson(value);
  if (text === canonical) return;
  let i = 0;
  while (text[i] === canonical[i]) i++;
  throw new Refused("malformed", `not canonical JSON (RFC 8785) from character ${i}`);
}

function about(header: Record<string, unknown>): Pick<DocumentRefusal, "kind" | "sequence" | "digest"> {
  const { kind, sequence: number, digest } = header;
  return {
    kind: documentKinds.includes(kind as DocumentKind) ? (kind as DocumentKind) : "unknown",
    ...(Number.isSafeInteger(number) && { sequence: number as number }),
    ...(typeof digest === "string" && { digest: digest.slice(0, 64) }),
  };
}

/** Whether "a.b[0].c" leads to a value. */
function has(value: unknown, path: string): boolean {
  let at: unknown = value;
  for (const [, name, index] of path.matchAll(/(?:^|\.)([^.[\]]+)|\[(\d+)\]/g)) {
    const key = name ?? index!;
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return false;
    at = (at as Record<string, unknown>)[key];
  }
  return true;
}
