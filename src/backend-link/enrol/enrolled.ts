// SPDX-License-Identifier: Apache-2.0
// The backend's answer to an enrolment: checked field by field before it becomes our identity.
import { keyIdOf, NAME, type Enrolled, type PublicKey } from "@securebox/contract";
import type { Crypto } from "quickjs-ts";
import { sameKey } from "../certificates.ts";
import type { EnrolledKeys } from "../documents/trust.ts";
import type { Identity } from "../types.ts";
import { readCertificate } from "../x509/certificate.ts";
import { HttpError, type HttpResponse } from "./http-response.ts";
import { parseBroker } from "./token.ts";

/** The JSON of a response with status 2xx. Throws HttpError with what the server says otherwise. */
export function answerOf({ status, body }: HttpResponse): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    value = undefined;
  }
  const object = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  if (status < 200 || status > 299) throw new HttpError(`the backend refused (${status}): ${messageOf(object) ?? "no reason given"}`);
  if (!object) throw new HttpError("the backend's answer is no JSON object");
  return object;
}

/** RFC 9457 `detail` or `title`, or `error`/`message`. */
function messageOf(object: Record<string, unknown> | undefined): string | undefined {
  const error = object?.["error"];
  const nested = typeof error === "object" && error !== null ? (error as Record<string, unknown>)["message"] : error;
  const found = [object?.["detail"], object?.["message"], nested, object?.["title"]].find((each) => typeof each === "string");
  return (found as string | undefined)?.slice(0, 300);
}

/** Throws HttpError naming the field. `privateKey`: of the request that this answers. */
export function identityOf(crypto: Crypto, value: Record<string, unknown>, api: string, privateKey: string): { identity: Identity; keys: EnrolledKeys } {
  const { network, gateway, broker, certificate, ca, keys, epoch = 0 } = value as Partial<Record<keyof Enrolled, unknown>>;
  const texts = { network, gateway, broker, certificate, ca };
  for (const [name, text] of Object.entries(texts)) if (typeof text !== "string") throw new HttpError(`the backend's answer: ${name}: expected a text`);
  const known = texts as Record<keyof typeof texts, string>;
  for (const name of ["network", "gateway"] as const) if (!NAME.test(known[name])) throw new HttpError(`the backend's answer: ${name}: expected a DNS label`);
  if (!Array.isArray(keys) || keys.length === 0 || keys.length > 16 || !keys.every((key) => isKey(crypto, key))) throw new HttpError("the backend's answer: keys: expected 1 to 16 keys, each with the identifier of its content");
  if (!Number.isSafeInteger(epoch) || (epoch as number) < 0) throw new HttpError("the backend's answer: epoch: expected a whole number");
  try {
    if (!sameKey(readCertificate(known.certificate).publicKey, crypto.publicKeyOf(privateKey))) throw new RangeError("for another key than ours");
    readCertificate(known.ca);
    const identity = { network: known.network, gateway: known.gateway, broker: parseBroker(known.broker), api, ca: known.ca, certificate: known.certificate, privateKey };
    return { identity, keys: { keys: keys as PublicKey[], epoch: epoch as number } };
  } catch (error) {
    throw new HttpError(`the backend's answer: certificate, ca or broker: ${(error as Error).message}`);
  }
}

function isKey(crypto: Crypto, value: unknown): value is PublicKey {
  const { id, use, publicKey, notBefore, notAfter } = (value ?? {}) as Partial<PublicKey>;
  if (typeof publicKey !== "string" || (use !== "sign" && use !== "recovery") || !Number.isSafeInteger(notBefore) || !Number.isSafeInteger(notAfter)) return false;
  try {
    return keyIdOf(crypto, publicKey) === id;
  } catch {
    return false;
  }
}
