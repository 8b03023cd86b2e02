// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from "node:crypto";
import { keyIdOf, signDocument, type Keys, type PublicKey, type SignedDocument } from "@securebox/contract";
import { signer } from "../../src/pki/signer.ts";
import { RequestError, type Certificate, type Pki } from "../../src/ports.ts";

/** Signs with real keys; its certificates are only numbers. */
export class FakePki implements Pki {
  readonly caPem = "-----BEGIN CERTIFICATE-----\nfake\n-----END CERTIFICATE-----\n";
  readonly epoch = 0;
  readonly caFingerprint = "f".repeat(64);
  #pairs = [makePair()];
  #serial = 0;

  get keys(): PublicKey[] { return this.#pairs.map(({ id, publicKey }) => ({ id, use: "sign", publicKey, notBefore: 0, notAfter: Date.UTC(2100, 0) })); }

  certificate(): Certificate {
    const serial = String(++this.#serial).padStart(8, "0") + Math.random().toString(16).slice(2, 10);
    return { serial, fingerprint: "ab".repeat(32), pem: "-----BEGIN CERTIFICATE-----\nfake\n-----END CERTIFICATE-----\n", notBefore: Date.now(), notAfter: Date.now() + 90 * 86_400_000 };
  }
  async issueGateway(csrPem: string): Promise<Certificate> {
    if (csrPem.includes("BAD")) throw new RequestError(422, "the request's signature is wrong");
    return this.certificate();
  }
  async serverCertificate(): Promise<{ certificate: string; key: string }> { throw new Error("not in this fake"); }
  async crl(): Promise<string> { throw new Error("not in this fake"); }
  sign<K extends "desired" | "keys" | "revocation" | "time">(document: Omit<SignedDocument<K>, "v" | "key" | "digest" | "signature">, _use?: "sign", trusted?: readonly string[]): SignedDocument<K> {
    const { id, privateKey } = this.#pairs.findLast((pair) => trusted?.includes(pair.id)) ?? this.#pairs.at(-1)!;
    return signDocument<K>(signer, privateKey, id, document);
  }
  async prepareRecovery(): Promise<never> { throw new Error("not in this fake"); }
  async recover(): Promise<never> { throw new Error("not in this fake"); }
  async changed(): Promise<void> {}
  async rotate(): Promise<{ keys: Keys }> {
    this.#pairs.push(makePair());
    return { keys: { keys: this.keys } };
  }
}

function makePair(): { id: string; privateKey: string; publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256", privateKeyEncoding: { type: "pkcs8", format: "pem" }, publicKeyEncoding: { type: "spki", format: "pem" } });
  return { id: keyIdOf(signer, publicKey), privateKey, publicKey };
}
