// SPDX-License-Identifier: Apache-2.0
import { createHash, createHmac, createPublicKey, randomBytes, verify, type KeyObject } from "node:crypto";
import type { Crypto } from "../ports/crypto.ts";

function p256Key(pem: string): KeyObject {
  try {
    const key = createPublicKey(pem);
    if (key.asymmetricKeyDetails?.namedCurve === "prime256v1") return key;
  } catch {
    // told below
  }
  throw new TypeError("publicKey: expected a P-256 SubjectPublicKeyInfo in PEM");
}

export const crypto: Crypto = {
  sha256: (data) => new Uint8Array(createHash("sha256").update(data).digest()),
  hmacSha256: (key, data) => new Uint8Array(createHmac("sha256", key).update(data).digest()),
  verifyP256: (publicKey, data, signature) =>
    verify("sha256", data, { key: p256Key(publicKey), dsaEncoding: "ieee-p1363" }, signature) && signature.length === 64,
  random: (size) => new Uint8Array(randomBytes(size)),
};
