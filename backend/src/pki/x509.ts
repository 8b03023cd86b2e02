// SPDX-License-Identifier: Apache-2.0
// Certificates, certificate requests and revocation lists (RFC 5280, RFC 2986), all on P-256: values in, PEM out, no state.
import "reflect-metadata";
import {
  AuthorityKeyIdentifierExtension, BasicConstraintsExtension, cryptoProvider, ExtendedKeyUsage, ExtendedKeyUsageExtension, KeyUsageFlags, KeyUsagesExtension, PemConverter,
  SubjectAlternativeNameExtension, SubjectKeyIdentifierExtension, X509Certificate, X509CertificateGenerator, X509CrlGenerator, X509CrlReason, type Extension, type JsonGeneralNames,
} from "@peculiar/x509";
import { createHash, createPrivateKey, generateKeyPairSync, randomBytes, webcrypto, X509Certificate as NodeCertificate } from "node:crypto";
import { isIP } from "node:net";
import type { Certificate } from "../ports.ts";

type Key = webcrypto.CryptoKey;
const { subtle } = webcrypto;
cryptoProvider.set(webcrypto);

const P256 = { name: "ECDSA", namedCurve: "P-256" };
const SHA256 = { name: "ECDSA", hash: "SHA-256" };
/** Clocks of the other side may be behind by this, and by a tenth of a short life: who renews after two thirds sees only the whole. Milliseconds. */
const BACKDATE = 60 * 60_000;
const backdate = (lifetime: number): number => Math.min(BACKDATE, lifetime / 10);
export const DAY = 24 * 3_600_000;

/** PKCS #8 and SubjectPublicKeyInfo, PEM. */
export interface KeyPair { privateKey: string; publicKey: string }
/** A certificate authority ready to sign. */
export interface Issuer { certificate: X509Certificate; key: Key }

export function makeKeyPair(): KeyPair {
  return generateKeyPairSync("ec", { namedCurve: "P-256", privateKeyEncoding: { type: "pkcs8", format: "pem" }, publicKeyEncoding: { type: "spki", format: "pem" } });
}

/** 127 random bits, positive (RFC 5280 section 4.1.2.2), 32 lower-case hexadecimal digits. */
export function makeSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40; // never a leading zero byte, so that it reads the same everywhere
  return bytes.toString("hex");
}

/** A self-signed certificate for ten years. `name`: its common name. */
export async function makeAuthority(name: string, pair: KeyPair, now: number): Promise<string> {
  const keys = { privateKey: await signingKey(pair.privateKey), publicKey: await verifyingKey(pair.publicKey) };
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [name] }, { O: ["Securebox"] }], keys, signingAlgorithm: SHA256, serialNumber: makeSerial(),
    notBefore: new Date(now - BACKDATE), notAfter: new Date(now + 3_653 * DAY),
    extensions: [
      new BasicConstraintsExtension(true, 0, true), new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return pem(certificate);
}

/** Throws when the two do not belong together. */
export async function openIssuer(certificatePem: string, privateKeyPem: string): Promise<Issuer> {
  const certificate = new X509Certificate(certificatePem);
  if (!new NodeCertificate(certificatePem).checkPrivateKey(createPrivateKey(privateKeyPem))) throw new Error("the authority's private key does not belong to its certificate");
  return { certificate, key: await signingKey(privateKeyPem) };
}

/** For a gateway (common name: its identifier, organizational unit: its network) or the backend itself; good for TLS clients only. */
export async function issueClient(issuer: Issuer, publicKey: string, name: string, unit: string, now: number, lifetime: number): Promise<Certificate> {
  return issue(issuer, publicKey, [{ CN: [name] }, { OU: [unit] }], [new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth], true)], now, lifetime);
}

/** A certificate that is its own authority and good for TLS clients only: who trusts it alone lets in its holder alone. */
export async function selfSignedClient(name: string, pair: KeyPair, now: number, lifetime: number): Promise<string> {
  const keys = { privateKey: await signingKey(pair.privateKey), publicKey: await verifyingKey(pair.publicKey) };
  return pem(await X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [name] }], keys, signingAlgorithm: SHA256, serialNumber: makeSerial(), notBefore: new Date(now - BACKDATE), notAfter: new Date(now + lifetime),
    extensions: [new BasicConstraintsExtension(false, undefined, true), new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true), new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth], true)],
  }));
}

/** For listeners; good for TLS servers only. `names`: DNS names and addresses, the first becomes the common name. */
export async function issueServer(issuer: Issuer, publicKey: string, names: readonly string[], now: number, lifetime: number): Promise<Certificate> {
  const alternatives: JsonGeneralNames = names.map((value) => ({ type: isIP(value) ? "ip" : "dns", value }));
  const extensions = [new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth], true), new SubjectAlternativeNameExtension(alternatives)];
  return issue(issuer, publicKey, [{ CN: [names[0]!.slice(0, 64)] }], extensions, now, lifetime);
}

async function issue(issuer: Issuer, publicKeyPem: string, subject: Record<string, string[]>[], extensions: Extension[], now: number, lifetime: number): Promise<Certificate> {
  const publicKey = await verifyingKey(publicKeyPem);
  const certificate = await X509CertificateGenerator.create({
    subject, issuer: issuer.certificate.subjectName, publicKey, signingKey: issuer.key, signingAlgorithm: SHA256, serialNumber: makeSerial(),
    notBefore: new Date(Math.max(now - backdate(lifetime), issuer.certificate.notBefore.getTime())), notAfter: new Date(Math.min(now + lifetime, issuer.certificate.notAfter.getTime())),
    extensions: [
      new BasicConstraintsExtension(false, undefined, true), new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true), ...extensions,
      await SubjectKeyIdentifierExtension.create(publicKey), await AuthorityKeyIdentifierExtension.create(issuer.certificate.publicKey),
    ],
  });
  return describeCertificate(certificate);
}

export interface Revoked { serial: string; at: number }

/** All revoked certificates that have not expired; good for `lifetime` milliseconds. */
export async function makeCrl(issuer: Issuer, revoked: readonly Revoked[], now: number, lifetime: number): Promise<string> {
  const crl = await X509CrlGenerator.create({
    issuer: issuer.certificate.subjectName, signingKey: issuer.key, signingAlgorithm: SHA256, thisUpdate: new Date(now - BACKDATE), nextUpdate: new Date(now + lifetime),
    entries: revoked.map(({ serial, at }) => ({ serialNumber: serial, revocationDate: new Date(at), reason: X509CrlReason.unspecified })),
    extensions: [await AuthorityKeyIdentifierExtension.create(issuer.certificate.publicKey)],
  });
  return PemConverter.encode(crl.rawData, "X509 CRL").trim() + "\n"; // the library's own label, "CRL", is not RFC 7468's
}

export function describeCertificate(certificate: X509Certificate): Certificate {
  return {
    serial: certificate.serialNumber.toLowerCase(), fingerprint: fingerprintOf(certificate), pem: pem(certificate),
    notBefore: certificate.notBefore.getTime(), notAfter: certificate.notAfter.getTime(),
  };
}

/** SHA-256 of the DER, hexadecimal. */
export function fingerprintOf(certificate: X509Certificate): string {
  return createHash("sha256").update(new Uint8Array(certificate.rawData)).digest("hex");
}

function pem(certificate: X509Certificate): string {
  return `${certificate.toString("pem").trim()}\n`;
}

function derOf(pemText: string): Buffer {
  return Buffer.from(pemText.replace(/-----[A-Z ]+-----|\s/g, ""), "base64");
}

async function signingKey(privateKeyPem: string): Promise<Key> {
  return subtle.importKey("pkcs8", derOf(privateKeyPem), P256, true, ["sign"]);
}

async function verifyingKey(publicKeyPem: string): Promise<Key> {
  return subtle.importKey("spki", derOf(publicKeyPem), P256, true, ["verify"]);
}
