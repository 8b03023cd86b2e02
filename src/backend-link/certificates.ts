// SPDX-License-Identifier: Apache-2.0
// Our own certificate: what it says, when the next one is asked for, and how the answer is taken.
import type { Instant } from "@securebox/contract";
import type { Crypto, Millis } from "quickjs-ts";
import type { LinkClock } from "./clock.ts";
import { Renewal } from "./renewal.ts";
import type { Identity, LinkStore } from "./types.ts";
import { readCertificate, type CertificateFacts } from "./x509/certificate.ts";
import { certificateRequest } from "./x509/request.ts";

export interface CertificatesParts {
  crypto: Pick<Crypto, "signP256" | "publicKeyOf">;
  store: Pick<LinkStore, "saveIdentity">;
  clock: LinkClock;
  now(): Millis;
}

export class Certificates {
  readonly #parts: CertificatesParts;
  readonly #renewal = new Renewal();
  #identity: Identity;
  #facts: CertificateFacts | undefined;

  constructor(parts: CertificatesParts, identity: Identity) {
    this.#parts = parts;
    this.#identity = identity;
    this.#facts = factsOf(identity);
  }

  get identity(): Identity { return this.#identity; }
  /** undefined: lost, or not to be read. */
  get facts(): CertificateFacts | undefined { return this.#facts; }
  /** Lost, damaged or expired, by what is certain of the time. */
  get unusable(): boolean {
    const { clock, now } = this.#parts;
    return this.#facts === undefined || this.#facts.notAfter <= clock.notBefore(now());
  }

  /** By a clock that may be wrong. */
  expiredBy(date: Instant): boolean {
    return this.#facts !== undefined && this.#facts.notAfter <= date;
  }

  due(): Millis | undefined {
    const { clock, now } = this.#parts;
    return this.#facts && this.#renewal.next(this.#facts, clock.date(now()), now());
  }

  /** The request to send now, if it is time. The key stays: its life is the gateway's, until it enrols again. */
  request(): string | undefined {
    const { clock, now, crypto } = this.#parts;
    if (!this.#facts || !this.#renewal.due(this.#facts, clock.date(now()), now())) return undefined;
    return certificateRequest(crypto, this.#identity.privateKey, this.#identity.gateway);
  }

  /** Stores a new certificate for our key. Throws RangeError for another's, PlatformError from flash; the old one stays then. */
  take(pem: string): void {
    const facts = readCertificate(pem);
    if (!sameKey(facts.publicKey, this.#parts.crypto.publicKeyOf(this.#identity.privateKey))) throw new RangeError("the certificate is for another key than ours");
    if (this.#facts && facts.serial === this.#facts.serial) return;
    const identity = { ...this.#identity, certificate: pem };
    this.#parts.store.saveIdentity(identity);
    this.replace(identity);
  }

  replace(identity: Identity): void {
    this.#identity = identity;
    this.#facts = factsOf(identity);
    this.#renewal.renewed();
  }
}

function factsOf({ certificate, privateKey }: Identity): CertificateFacts | undefined {
  try {
    return certificate && privateKey ? readCertificate(certificate) : undefined;
  } catch {
    return undefined;
  }
}

export const sameKey = (one: string, other: string): boolean => one.replace(/\s/g, "") === other.replace(/\s/g, "");
