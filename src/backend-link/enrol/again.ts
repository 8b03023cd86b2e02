// SPDX-License-Identifier: Apache-2.0
/*
 * A gateway whose certificate is lost, expired or refused asks for another by HTTPS, and an operator approves it in the console: nobody has to touch the
 * device. The key stays if it is there, so that the console can say "same key"; a new one is on flash before it is used, for a restart in between.
 */
import type { Millis, Platform, TlsOptions } from "quickjs-ts";
import { encodeBase64, hexadecimal } from "@securebox/contract";
import type { EnrolledKeys } from "../documents/trust.ts";
import type { Identity, LinkStatus, LinkStore } from "../types.ts";
import { decodePem } from "../x509/pem.ts";
import { certificateRequest } from "../x509/request.ts";
import { answerOf, identityOf } from "./enrolled.ts";
import { request } from "./http.ts";
import type { HttpResponse } from "./http-response.ts";
import { parseApi } from "./token.ts";

export const POLL: Millis = 15_000;
/** The first wait, doubled up to `POLL`: whoever switched the gateway on may be looking at the console. */
const FIRST_POLL: Millis = 2_000;
/** After failures in a row: doubled, up to this. */
const LONGEST: Millis = 600_000;
/** After an operator said no. */
const REJECTED: Millis = 3_600_000;

export interface AgainParts {
  platform: Pick<Platform, "tls" | "timers" | "crypto" | "time">;
  store: Pick<LinkStore, "saveIdentity">;
  identity(): Identity;
  validAt(): TlsOptions["validAt"];
  /** Whether there is need. */
  wanted(): boolean;
  enrolled(identity: Identity, keys: EnrolledKeys): void;
  event(level: "info" | "warn" | "error", event: string, fields: Record<string, string | number | undefined>): void;
  /** A step is over: `due` is another. */
  settled(): void;
}

export class AgainEnrolment {
  readonly #parts: AgainParts;
  #privateKey: string | undefined;
  #request: string | undefined;
  #status: LinkStatus["enrolment"];
  #next: Millis = -Infinity;
  #polls = 0;
  #failures = 0;
  #busy = false;
  #stopped = false;

  constructor(parts: AgainParts) {
    this.#parts = parts;
  }

  get status(): LinkStatus["enrolment"] { return this.#status; }

  /** When `run` has something to do; undefined: no need, or an answer is on its way. */
  due(): Millis | undefined {
    return this.#stopped || this.#busy || !this.#parts.wanted() ? undefined : this.#next;
  }

  run(now: Millis): void {
    const due = this.due();
    if (due === undefined || now < due) return;
    this.#busy = true;
    void this.#step().then(() => { this.#failures = 0; }, (error: Error) => this.#failed(error)).then(() => {
      this.#busy = false;
      this.#parts.settled();
    });
  }

  stop(): void { this.#stopped = true; }

  async #step(): Promise<void> {
    if (this.#request === undefined) this.#polls = 0;
    this.#next = this.#parts.platform.time.now() + Math.min(POLL, FIRST_POLL * 2 ** Math.min(this.#polls++, 10));
    if (this.#request === undefined) await this.#ask();
    else await this.#collect(this.#request);
  }

  async #ask(): Promise<void> {
    const { platform, identity, event } = this.#parts;
    const privateKey = this.#key();
    const { gateway } = identity();
    const csr = certificateRequest(platform.crypto, privateKey, gateway);
    const { id } = answerOf(await this.#send("POST", "/api/v1/enrol/requests", { gateway, csr }));
    if (typeof id !== "string" || !/^[\w-]{1,128}$/.test(id)) throw new RangeError("the backend's answer: id: expected a text");
    this.#request = id;
    this.#status = { ...this.#status!, request: id, lastError: undefined };
    event("warn", "certificate lost or refused: approve this gateway in the console", { gateway, key: this.#status.keyFingerprint });
  }

  async #collect(id: string): Promise<void> {
    const { platform, identity, store, enrolled } = this.#parts;
    const proof = encodeBase64(platform.crypto.signP256(this.#key(), new TextEncoder().encode(`securebox-enrolment:${id}`)));
    const response = await this.#send("GET", `/api/v1/enrol/requests/${id}?proof=${encodeURIComponent(proof)}`);
    if (response.status === 403 || response.status === 404 || response.status === 410) this.#request = undefined;
    if (response.status === 403) this.#next = platform.time.now() + REJECTED;
    const answer = answerOf(response);
    if (answer["state"] !== "approved" || this.#stopped) return;
    const before = identity();
    const fresh = identityOf(platform.crypto, (answer["enrolled"] ?? {}) as Record<string, unknown>, before.api, this.#key());
    if (fresh.identity.gateway !== before.gateway || fresh.identity.network !== before.network) throw new RangeError("the backend's answer is for another gateway");
    store.saveIdentity(fresh.identity);
    this.#request = this.#status = undefined;
    enrolled(fresh.identity, fresh.keys);
  }

  #send(method: "GET" | "POST", path: string, body?: unknown): Promise<HttpResponse> {
    const { ca, api } = this.#parts.identity();
    return request(this.#parts.platform, { ...parseApi(api), method, path, body, ca, validAt: this.#parts.validAt() });
  }

  /** Ours, or a new one that is kept. */
  #key(): string {
    const { platform: { crypto }, identity, store } = this.#parts;
    const known = identity();
    this.#privateKey ??= isKey(crypto, known.privateKey) ? known.privateKey : undefined;
    if (this.#privateKey === undefined) {
      const { privateKey } = crypto.generateP256();
      store.saveIdentity({ ...known, certificate: "", privateKey });
      this.#privateKey = privateKey;
    }
    const since = this.#status?.since ?? new Date(this.#parts.platform.time.date()).toISOString();
    this.#status = { ...this.#status, since, keyFingerprint: hexadecimal(crypto.sha256(decodePem("PUBLIC KEY", crypto.publicKeyOf(this.#privateKey)))) };
    return this.#privateKey;
  }

  #failed(error: Error): void {
    const { platform, event } = this.#parts;
    const now = platform.time.now();
    this.#next = Math.max(this.#next, now + Math.min(LONGEST, POLL * 2 ** Math.min(this.#failures++, 10)));
    if (this.#status?.lastError !== error.message) event("warn", "enrolment again failed", { reason: error.message });
    if (this.#status) this.#status.lastError = error.message;
  }
}

function isKey(crypto: Platform["crypto"], privateKey: string): boolean {
  try {
    crypto.publicKeyOf(privateKey);
    return true;
  } catch {
    return false;
  }
}
