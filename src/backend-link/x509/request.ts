// SPDX-License-Identifier: Apache-2.0
// A certificate signing request (PKCS #10, RFC 2986) for a P-256 key: signed with that key, which proves that we have it.
import type { Crypto } from "quickjs-ts";
import { decodePem, encodePem } from "./pem.ts";
import { TAG, writeBits, writeElement, writeInteger } from "./der.ts";

/** 2.5.4.3 and 1.2.840.10045.4.3.2 (RFC 5758 section 3.2). */
const COMMON_NAME = Uint8Array.of(0x55, 0x04, 0x03);
const ECDSA_WITH_SHA256 = Uint8Array.of(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02);

/** PEM. `privateKey`: PKCS #8, PEM. `name`: the common name asked for; who issues decides. Throws TypeError for a malformed key. */
export function certificateRequest(crypto: Pick<Crypto, "signP256" | "publicKeyOf">, privateKey: string, name: string): string {
  const { sequence } = TAG;
  const commonName = writeElement(sequence, writeElement(TAG.oid, COMMON_NAME), writeElement(TAG.utf8, new TextEncoder().encode(name)));
  const info = writeElement(sequence,
    writeInteger(Uint8Array.of(0)),
    writeElement(sequence, writeElement(TAG.set, commonName)),
    decodePem("PUBLIC KEY", crypto.publicKeyOf(privateKey)),
    writeElement(TAG.context0));
  const signature = crypto.signP256(privateKey, info);
  const pair = writeElement(sequence, writeInteger(signature.subarray(0, 32)), writeInteger(signature.subarray(32)));
  return encodePem("CERTIFICATE REQUEST", writeElement(sequence, info, writeElement(sequence, writeElement(TAG.oid, ECDSA_WITH_SHA256)), writeBits(pair)));
}
