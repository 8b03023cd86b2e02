// SPDX-License-Identifier: Apache-2.0
import { createHash, sign, verify } from "node:crypto";
import type { Signer, Verifier } from "@securebox/contract";

/** The contract's cryptography on Node. */
export const signer: Signer & Verifier = {
  sha256: (data) => new Uint8Array(createHash("sha256").update(data).digest()),
  signP256: (key, data) => new Uint8Array(sign("sha256", data, { key, dsaEncoding: "ieee-p1363" })),
  verifyP256: (key, data, signature) => verify("sha256", data, { key, dsaEncoding: "ieee-p1363" }, signature),
};
