// SPDX-License-Identifier: Apache-2.0
// Every refusal in one shape: {error: {code, message, field?, details?}}.
import type { FastifyError } from "fastify";
import { RequestError } from "../ports.ts";
import { DatabaseError, isDiskFull } from "../store/index.ts";
import { TooBusy } from "./accounts/passwords.ts";

export interface Answer { status: number; error: { code: string; message: string; field?: string; details?: unknown }; retryAfter?: number }

const CODES: Record<number, string> = {
  400: "bad-request", 401: "unauthorised", 403: "forbidden", 404: "not-found", 409: "conflict", 413: "too-large", 415: "unsupported-media-type", 422: "invalid", 429: "too-many", 500: "internal", 503: "unavailable",
};

/** What is told about an error; of our own faults nothing but where to look. */
export function answerOf(error: unknown, requestId: string): Answer {
  if (error instanceof RequestError) return requestAnswer(error);
  if (error instanceof TooBusy) return { ...plain(429, error.message), retryAfter: 5 };
  if (isDiskFull(error)) return { ...plain(503, "the disk of the backend's database is full: nothing was changed; it works again by itself when there is room"), retryAfter: 30 };
  if (error instanceof DatabaseError && error.transient) return { ...plain(503, "the database cannot be reached just now; try again, and look before repeating a change whether it was made"), retryAfter: 2 };
  const failure = error as FastifyError;
  if (failure.validation) return validationAnswer(failure);
  if (failure.statusCode === 413) return plain(413, "the body is larger than 1.5 MB");
  if (failure.statusCode === 415) return plain(415, `the media type of the body is not one that this operation reads; send application/json`);
  if (failure.statusCode !== undefined && failure.statusCode >= 400 && failure.statusCode < 500) return plain(failure.statusCode, failure.message);
  return plain(500, `the backend failed; its log tells more about request ${requestId}`);
}

export function plain(status: number, message: string): Answer {
  return { status, error: { code: CODES[status] ?? "bad-request", message } };
}

function requestAnswer({ status, message, details }: RequestError): Answer {
  const { field, retryAfter, ...rest } = details !== null && typeof details === "object" && !Array.isArray(details) ? (details as Record<string, unknown>) : { rest: details };
  const kept = "rest" in rest ? rest.rest : Object.keys(rest).length > 0 ? rest : undefined;
  const answer = plain(status, message);
  return {
    ...answer, ...(typeof retryAfter === "number" ? { retryAfter } : {}),
    error: { ...answer.error, ...(typeof field === "string" ? { field } : {}), ...(kept === undefined ? {} : { details: kept }) },
  };
}

/** The first of ajv's complaints; "body.rules[2].name". */
function validationAnswer({ validation, validationContext }: FastifyError): Answer {
  const first = validation![0]!;
  const where = validationContext === "querystring" ? "query" : (validationContext ?? "body");
  const inside = first.instancePath.split("/").slice(1).map((part) => (/^\d+$/.test(part) ? `[${part}]` : `.${part}`)).join("");
  const { additionalProperty, missingProperty, allowedValues } = first.params as { additionalProperty?: string; missingProperty?: string; allowedValues?: unknown[] };
  const field = `${where}${inside}${additionalProperty ?? missingProperty ? `.${additionalProperty ?? missingProperty}` : ""}`;
  const problem = additionalProperty ? "is not a known field" : missingProperty ? "is missing" : `${first.message}${allowedValues ? `: ${allowedValues.join(", ")}` : ""}`;
  const answer = plain(400, `${field} ${problem}`);
  return { ...answer, error: { ...answer.error, field } };
}
