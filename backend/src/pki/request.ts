// SPDX-License-Identifier: Apache-2.0
// Certificate signing requests (PKCS #10, RFC 2986): what we believe of them is the key, and that the sender has its private half.
import "./x509.ts";
import { Pkcs10CertificateRequest } from "@peculiar/x509";
import { createHash, createPublicKey } from "node:crypto";
import { RequestError } from "../ports.ts";

/** One with a P-256 key has some 400 characters; whoever adds extensions may. */
const MAX_LENGTH = 4096;

export interface CheckedRequest {
  /** SubjectPublicKeyInfo, PEM. */
  publicKey: string;
  /** SHA-256 of the SubjectPublicKeyInfo (DER), hexadecimal. */
  keyFingerprint: string;
}

/** Throws a RequestError 400 that says what is wrong: form, key, or the request's own signature. Its subject and extensions count for nothing. */
export async function checkRequest(csrPem: string): Promise<CheckedRequest> {
  if (csrPem.length > MAX_LENGTH) throw bad(`${csrPem.length} characters, expected at most ${MAX_LENGTH}`);
  const block = /^\s*-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]+)-----END (?:NEW )?CERTIFICATE REQUEST-----\s*$/.exec(csrPem);
  if (!block) throw bad("expected one PEM block CERTIFICATE REQUEST");
  const request = parse(Buffer.from(block[1]!, "base64"));
  const publicKey = p256Key(Buffer.from(request.publicKey.rawData));
  const hash = (request.signatureAlgorithm as { hash?: { name?: string } }).hash?.name;
  if (hash === undefined || !["SHA-256", "SHA-384", "SHA-512"].includes(hash)) throw bad(`signed with ${hash ?? "an unknown hash"}, expected SHA-256`);
  if (!(await request.verify().catch(() => false))) throw bad("its signature was not made by its own key: the sender does not prove to have the private key");
  return { publicKey, keyFingerprint: keyFingerprint(publicKey) };
}

/** Of a SubjectPublicKeyInfo, PEM. */
export function keyFingerprint(publicKeyPem: string): string {
  return createHash("sha256").update(createPublicKey(publicKeyPem).export({ type: "spki", format: "der" })).digest("hex");
}

function parse(der: Buffer): Pkcs10CertificateRequest {
  try {
    return new Pkcs10CertificateRequest(der);
  } catch {
    throw bad("no PKCS #10 structure");
  }
}

function p256Key(spki: Buffer): string {
  try {
    const key = createPublicKey({ key: spki, format: "der", type: "spki" });
    if (key.asymmetricKeyType === "ec" && key.asymmetricKeyDetails?.namedCurve === "prime256v1") return key.export({ type: "spki", format: "pem" }) as string;
  } catch {
    // a point that is not on the curve, or no key at all: told below
  }
  throw bad("its key is not on P-256");
}

function bad(message: string): RequestError {
  return new RequestError(400, `certificate request: ${message}`);
}
