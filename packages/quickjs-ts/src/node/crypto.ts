// SPDX-License-Identifier: Apache-2.0
import { createHash, createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign, verify, type KeyObject } from "node:crypto";
import type { Crypto } from "../ports/crypto.ts";

function p256Key(read: () => KeyObject, expected: string): KeyObject {
  try {
    const key = read();
    if (key.asymmetricKeyDetails?.namedCurve === "prime256v1") return key;
  } catch {
    // told below
  }
  throw new TypeError(expected);
}

const publicKeyIn = (pem: string): KeyObject => p256Key(() => createPublicKey(pem), "publicKey: expected a P-256 SubjectPublicKeyInfo in PEM");
const privateKeyIn = (pem: string): KeyObject => p256Key(() => createPrivateKey(pem), "privateKey: expected a P-256 key in PEM, PKCS #8 or SEC 1");

export const crypto: Crypto = {
  sha256: (data) => new Uint8Array(createHash("sha256").update(data).digest()),
  hmacSha256: (key, data) => new Uint8Array(createHmac("sha256", key).update(data).digest()),
  verifyP256: (publicKey, data, signature) =>
    verify("sha256", data, { key: publicKeyIn(publicKey), dsaEncoding: "ieee-p1363" }, signature) && signature.length === 64,
  generateP256: () => generateKeyPairSync("ec", { namedCurve: "P-256", privateKeyEncoding: { type: "pkcs8", format: "pem" }, publicKeyEncoding: { type: "spki", format: "pem" } }),
  signP256: (privateKey, data) => new Uint8Array(sign("sha256", data, { key: privateKeyIn(privateKey), dsaEncoding: "ieee-p1363" })),
  publicKeyOf: (privateKey) => createPublicKey(privateKeyIn(privateKey)).export({ type: "spki", format: "pem" }) as string,
  random: (size) => new Uint8Array(randomBytes(size)),
};
