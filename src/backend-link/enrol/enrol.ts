// SPDX-License-Identifier: Apache-2.0
// Enrolment with a one-time token: a new key, its request, and what the backend gives for it.
import type { Platform } from "quickjs-ts";
import type { Identity, LinkStore } from "../types.ts";
import { certificateRequest } from "../x509/request.ts";
import { BUILD_DATE } from "../clock.ts";
import { withEnrolment, type Kept } from "../documents/trust.ts";
import { answerOf, identityOf } from "./enrolled.ts";
import { request } from "./http.ts";
import { parseToken } from "./token.ts";

/**
 * Enrols this gateway and keeps its identity; a gateway that was enrolled elsewhere forgets that backend's documents, not the policy in force.
 * Rejects with RangeError (token), HttpError (the backend's refusal or answer) or PlatformError (network, TLS, flash), each with a sentence for people.
 */
export async function enrol(platform: Pick<Platform, "tls" | "timers" | "crypto">, store: LinkStore, text: string): Promise<Identity> {
  const token = parseToken(text);
  const { privateKey } = platform.crypto.generateP256();
  const csr = certificateRequest(platform.crypto, privateKey, "securebox");
  const notBefore = Math.max(BUILD_DATE, store.floor());
  const response = await request(platform, {
    host: token.host, port: token.port, method: "POST", path: "/api/v1/enrol", body: { secret: token.secret, csr }, ca: { pin: token.pin }, validAt: { notBefore },
  });
  const { identity, keys } = identityOf(platform.crypto, answerOf(response), token.api, privateKey);
  const before = store.identity();
  const same = before?.network === identity.network && before.gateway === identity.gateway && before.api === identity.api;
  const kept: Kept = same ? store.documents() : { revoked: [], initialKeys: { keys: [] }, sequences: {} };
  // Keys first: an identity without them could believe nothing, and the old one with new keys only waits.
  store.saveDocuments(withEnrolment(kept, keys));
  store.saveIdentity(identity);
  return identity;
}
