// SPDX-License-Identifier: Apache-2.0
// One operation of the API as data: what it is for, who may use it, what it takes and gives. Routes, checks and the OpenAPI description come from it.
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Actor, Role } from "../ports.ts";
import type { Schema } from "./schemas.ts";
import type { Caller } from "./types.ts";

export interface Call<Params = unknown, Query = unknown, Body = unknown> {
  params: Params;
  query: Query;
  body: Body;
  /** Of `access: "open"` operations: nobody, with the remote address. */
  actor: Actor;
  caller?: Caller;
  request: FastifyRequest;
  reply: FastifyReply;
}

export interface Operation<Params = any, Query = any, Body = any> {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** ":network" is checked against the caller's networks before `run`. */
  path: string;
  tag: "session" | "users" | "tokens" | "networks" | "policies" | "gateways" | "enrolment" | "devices" | "verdicts" | "events" | "keys" | "operation";
  summary: string;
  description: string;
  /** Least role; "open": without signing in. */
  access: Role | "open";
  /** Only for callers that are not limited to networks. */
  everywhere?: boolean;
  params?: Record<string, Schema>;
  query?: Record<string, Schema>;
  body?: Schema;
  /** The same as text of this media type. */
  text?: { type: string; schema: Schema };
  /** Status of success; default 200, or 204 without `answer`. */
  status?: number;
  answer?: Schema;
  /** Media type of the answer when it is not JSON. */
  produces?: string;
  /** Example of the body and of the answer. */
  example?: { body?: unknown; answer?: unknown };
  /** Statuses of refusals that the operation itself adds to those of its kind (400, 401, 403, 404 of a path with names). */
  errors?: number[];
  run(call: Call<Params, Query, Body>): Promise<unknown>;
}

/** Infers what `run` gets; the schemas have to agree with it. */
export function operation<Params = {}, Query = {}, Body = {}>(spec: Operation<Params, Query, Body>): Operation {
  return spec;
}

const MEANINGS: Record<number, string> = {
  304: "Not changed since the version of If-None-Match",
  400: "The request is malformed: `field` names what is wrong", 401: "Not signed in, or the token is unknown, expired or revoked", 403: "The role or the networks of the caller do not allow it",
  404: "There is no such thing", 409: "It contradicts the present state", 413: "The body is larger than 1.5 MB", 415: "The media type is not one of those above",
  422: "Well-formed, but not valid: `details` lists the problems", 429: "Too many attempts; `Retry-After` tells how many seconds to wait", 503: "A part of the backend is not available now",
};

/** The schema that Fastify checks and @fastify/swagger describes. */
export function routeSchema(spec: Operation): Record<string, unknown> {
  const statuses = new Set([400, ...(spec.access === "open" ? [] : [401, 403]), ...(spec.params ? [404] : []), ...(spec.body ? [413, 415] : []), ...(spec.errors ?? []), 500, 503]);
  const success = spec.status ?? (spec.answer ? 200 : 204);
  const body = bodySchema(spec);
  const answers: Record<string, unknown> = { [success]: answerSchema(spec) };
  for (const status of statuses) if (status !== 304) answers[status] = { description: MEANINGS[status] ?? "Our fault; the log tells more", $ref: "Error#" };
  if (statuses.has(304)) answers[304] = { description: MEANINGS[304], type: "null" };
  return {
    operationId: operationId(spec), tags: [spec.tag], summary: spec.summary, description: `${spec.description}\n\n${accessText(spec)}`,
    security: spec.access === "open" ? [] : [{ token: [] }, { session: [] }],
    ...(spec.params ? { params: { type: "object", additionalProperties: false, required: Object.keys(spec.params), properties: spec.params } } : {}),
    querystring: { type: "object", additionalProperties: false, properties: spec.query ?? {} },
    ...(body ? { body } : {}),
    ...(spec.produces ? { produces: [spec.produces] } : {}),
    response: answers,
  };
}

function bodySchema({ body, text, example }: Operation): Schema | undefined {
  if (!body) return undefined;
  const json = { schema: example?.body === undefined ? body : { ...body, examples: [example.body] } };
  return { content: { "application/json": json, ...(text ? { [text.type]: { schema: text.schema } } : {}) } };
}

function answerSchema(spec: Operation): Schema {
  if (!spec.answer) return { description: "Done", type: "null" };
  if (spec.produces) return { description: "Done", ...spec.answer };
  return { description: "Done", content: { "application/json": { schema: spec.answer } } };
}

export function operationId({ method, path }: Operation): string {
  const words = path.replace("/api/v1/", "").split(/[/.-]/).filter(Boolean).map((word) => (word.startsWith(":") ? `By-${word.slice(1)}` : word));
  return [method.toLowerCase(), ...words.flatMap((word) => word.split("-"))].map((word, index) => (index === 0 ? word : word[0]!.toUpperCase() + word.slice(1))).join("");
}

function accessText({ access, everywhere }: Operation): string {
  if (access === "open") return "Needs no sign-in.";
  return `Needs the role ${access}${access === "administrator" ? "" : " or higher"}${everywhere ? ", not limited to some networks" : ""}.`;
}
