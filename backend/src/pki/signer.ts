// SPDX-License-Identifier: Apache-2.0
import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from "node:crypto";
import type { Signer, Verifier } from "@securebox/contract";

/** More keys than a backend signs with between two rotations. */
const MAX_KEYS = 16;

/** Reading a private key from PEM takes OpenSSL 3 ten times as long as signing with it (0.5 ms), and a policy is signed for each gateway. */
function reader(read: (pem: string) => KeyObject): (pem: string) => KeyObject {
  const known = new Map<string, KeyObject>();
  return (pem) => {
    let key = known.get(pem);
    if (!key) {
      key = read(pem);
      if (known.size >= MAX_KEYS) known.clear();
      known.set(pem, key);
    }
    return key;
  };
}

const privateKey = reader(createPrivateKey);
const publicKey = reader(createPublicKey);

/** The contract's cryptography on Node. */
export const signer: Signer & Verifier = {
  sha256: (data) => new Uint8Array(createHash("sha256").update(data).digest()),
  signP256: (key, data) => new Uint8Array(sign("sha256", data, { key: privateKey(key), dsaEncoding: "ieee-p1363" })),
  verifyP256: (key, data, signature) => verify("sha256", data, { key: publicKey(key), dsaEncoding: "ieee-p1363" }, signature),
};
