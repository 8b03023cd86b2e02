// SPDX-License-Identifier: Apache-2.0
/*
 * The backend's identity: a certificate authority of its own and the keys that sign documents, both made at the first start and kept in the database.
 *
 * Private keys lie in the database in plain text (authority.key, keys.private_pem): whoever reads the database can pose as this backend. Its file or server
 * has to be protected accordingly; the recovery key, which is never stored, is the way out when it was read.
 */
import { createHmac } from "node:crypto";
import { hostname, networkInterfaces } from "node:os";
import { signDocument, type Keys, type PublicKey, type Revocation, type SignedDocument } from "@securebox/contract";
import type { Certificate, Database, NextKeys, Pki, Queryable } from "../ports.ts";
import { adoptKey, prepareKey } from "./next-key.ts";
import { checkRequest } from "./request.ts";
import { signer } from "./signer.ts";
import { epochOfKeys, lockKeys, makeFirstKeys, readKeys, rotateKeys, trustedKeys, type StoredKey } from "./signing-keys.ts";
import { DAY, fingerprintOf, issueClient, issueServer, makeAuthority, makeCrl, makeKeyPair, openIssuer, selfSignedClient, type Issuer } from "./x509.ts";

export interface PkiOptions {
  database: Database;
  /** DNS names and addresses by which gateways and people reach this backend; loopback and this machine's own are added. */
  names: readonly string[];
  /** Called once in the life of a database, with the recovery key's private half (PKCS #8, PEM), before it counts: when this rejects, nothing was made. */
  keepRecoveryKey(privateKey: string): Promise<void>;
  /** Of gateways' certificates, milliseconds. Default 90 days. */
  gatewayLifetime?: number;
  now?: () => number;
}

const CHANGED = "securebox_keys";
const GATEWAY_LIFETIME = 90 * DAY;
const SERVER_LIFETIME = 90 * DAY;
/** Of what is written to files for an external broker, where nobody renews it but a person. */
const CLIENT_LIFETIME = 2 * 365 * DAY;
/** Our name at an external broker: no gateway can be called so (NAME of the contract has no underscore). */
export const BACKEND_ACCOUNT = "securebox_backend";
/** A broker refuses every certificate when its list is older: long enough for somebody to notice. */
const CRL_LIFETIME = 30 * DAY;

export interface OwnPki extends Pki {
  /** For this backend as client of an external broker: self-signed, for a listener that trusts it alone. A new one each time. */
  clientCertificate(): Promise<{ certificate: string; key: string }>;
  /** For an external broker under these DNS names and addresses. A new one each time. */
  brokerCertificate(names: readonly string[]): Promise<{ certificate: string; key: string }>;
  /** The same for all processes of this backend, and known to nobody else; 32 hexadecimal digits. */
  secretFor(purpose: string): string;
  close(): Promise<void>;
}

/** Reads the authority and the keys, or makes them. Rejects when the database is not reachable or holds something else. */
export async function openPki(options: PkiOptions): Promise<OwnPki> {
  const now = options.now ?? Date.now;
  const { database } = options;
  const stored = await database.transaction(async (tx) => {
    await lockKeys(tx); // processes that start together: one makes, the others find
    const recovery = await makeFirstKeys(tx, now());
    const [found] = await tx.query<{ key: string; certificate: string }>("SELECT key, certificate FROM authority");
    if (recovery !== undefined) await options.keepRecoveryKey(recovery);
    if (found) return found;
    const pair = makeKeyPair();
    const made = { key: pair.privateKey, certificate: await makeAuthority(`Securebox ${hostname()}`.slice(0, 64), pair, now()) };
    await tx.query("INSERT INTO authority (key, certificate) VALUES ($1, $2)", [made.key, made.certificate]);
    return made;
  });
  const issuer = await openIssuer(stored.certificate, stored.key);
  const pki = new StoredPki(database, issuer, stored.key, await readKeys(database), { ...options, now });
  await pki.listen();
  return pki;
}

class StoredPki implements OwnPki {
  readonly caPem: string;
  readonly caFingerprint: string;
  #keys: StoredKey[];
  #server: { certificate: string; key: string; renew: number } | undefined;
  #silence: () => Promise<void> = async () => {};
  readonly #now: () => number;

  constructor(private readonly database: Database, private readonly issuer: Issuer, private readonly secret: string, keys: StoredKey[], private readonly options: PkiOptions & { now: () => number }) {
    this.caPem = `${issuer.certificate.toString("pem").trim()}\n`;
    this.caFingerprint = fingerprintOf(issuer.certificate);
    this.#keys = keys;
    this.#now = options.now;
  }

  /** Another process of this backend may change the keys. */
  async listen(): Promise<void> {
    this.#silence = await this.database.listen(CHANGED, () => void readKeys(this.database).then((keys) => { this.#keys = keys; }, () => { /* the next start reads them */ }));
  }

  async close(): Promise<void> {
    await this.#silence();
  }

  get keys(): PublicKey[] {
    return trustedKeys(this.#keys, this.#now());
  }

  get epoch(): number {
    return epochOfKeys(this.#keys);
  }

  async issueGateway(csrPem: string, gateway: string, network: string): Promise<Certificate> {
    const { publicKey } = await checkRequest(csrPem);
    return issueClient(this.issuer, publicKey, gateway, network, this.#now(), this.options.gatewayLifetime ?? GATEWAY_LIFETIME);
  }

  async serverCertificate(): Promise<{ certificate: string; key: string }> {
    const now = this.#now();
    if (!this.#server || now >= this.#server.renew) {
      const { privateKey, publicKey } = makeKeyPair();
      const made = await issueServer(this.issuer, publicKey, serverNames(this.options.names), now, SERVER_LIFETIME);
      this.#server = { certificate: made.pem + this.caPem, key: privateKey, renew: now + (made.notAfter - now) * (2 / 3) };
    }
    const { certificate, key } = this.#server;
    return { certificate, key };
  }

  async clientCertificate(): Promise<{ certificate: string; key: string }> {
    const pair = makeKeyPair();
    return { certificate: await selfSignedClient(BACKEND_ACCOUNT, pair, this.#now(), CLIENT_LIFETIME), key: pair.privateKey };
  }

  async brokerCertificate(names: readonly string[]): Promise<{ certificate: string; key: string }> {
    const { privateKey, publicKey } = makeKeyPair();
    const made = await issueServer(this.issuer, publicKey, names, this.#now(), CLIENT_LIFETIME);
    return { certificate: made.pem + this.caPem, key: privateKey };
  }

  secretFor(purpose: string): string {
    return createHmac("sha256", this.secret).update(purpose).digest("hex").slice(0, 32);
  }

  async crl(): Promise<string> {
    const now = this.#now();
    const rows = await this.database.query<{ serial: string; revoked: unknown }>("SELECT serial, revoked FROM revoked_certificates WHERE not_after > $1 ORDER BY revoked, serial", [now]);
    return makeCrl(this.issuer, rows.map(({ serial, revoked }) => ({ serial, at: new Date(revoked as string).getTime() })), now, CRL_LIFETIME);
  }

  sign<K extends "desired" | "keys" | "revocation" | "time">(document: Omit<SignedDocument<K>, "v" | "epoch" | "key" | "digest" | "signature">, use: "sign" = "sign", trusted: readonly string[] = []): SignedDocument<K> {
    const usable = this.#keys.filter((key) => key.use === use && key.privateKey !== undefined).reverse();
    const key = usable.find(({ id }) => trusted.includes(id)) ?? usable.find(({ retired }) => !retired);
    if (!key) throw new Error("there is no signing key");
    return signDocument<K>(signer, key.privateKey!, key.id, { ...document, ...(key.epoch > 0 && { epoch: key.epoch }) });
  }

  prepareRecovery(): Promise<NextKeys> {
    return prepareKey(this.database, this.#now());
  }

  recover(tx: Queryable, epoch: number): Promise<NextKeys> {
    return adoptKey(tx, epoch, this.#now());
  }

  async changed(): Promise<void> {
    this.#keys = await readKeys(this.database);
    await this.database.notify(CHANGED, "");
  }

  async rotate({ revoke }: { revoke: boolean }): Promise<{ keys: Keys; revocation?: Revocation }> {
    await rotateKeys(this.database, this.#now(), { revoke });
    await this.changed();
    const revoked = this.#keys.filter((key) => key.revoked).map(({ id }) => id);
    return { keys: { keys: this.keys }, ...(revoked.length > 0 && { revocation: { keys: revoked } }) };
  }
}

/** What a certificate for this machine names. */
export function serverNames(configured: readonly string[]): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []).filter(({ address }) => !address.startsWith("fe80:")).map(({ address }) => address);
  return [...new Set([...configured, hostname(), "localhost", "127.0.0.1", "::1", ...addresses])].slice(0, 100);
}
