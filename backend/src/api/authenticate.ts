// SPDX-License-Identifier: Apache-2.0
// Who asks, and may they. A token comes in the Authorization header, a session in the cookie; the header wins.
import type { FastifyRequest } from "fastify";
import { RequestError, type Database } from "../ports.ts";
import { findSession } from "./accounts/sessions.ts";
import { findToken } from "./accounts/tokens.ts";
import { readCookie } from "./http/cookie.ts";
import { isSameOrigin } from "./http/origin.ts";
import type { Operation } from "./operation.ts";
import { mayActAs, maySee } from "./roles.ts";
import type { Caller } from "./types.ts";

const SAFE = new Set(["GET", "HEAD"]);

/** undefined: nothing was shown. Throws a RequestError 401 for what does not count (any more), 403 for a session's change from another site. */
export async function authenticate(database: Database, request: FastifyRequest, now: number): Promise<Caller | undefined> {
  const caller = (await byToken(database, request, now)) ?? (await bySession(database, request, now));
  return caller && { ...caller, actor: { ...caller.actor, remote: request.ip } };
}

async function byToken(database: Database, { headers }: FastifyRequest, now: number): Promise<Caller | undefined> {
  if (headers.authorization === undefined) return undefined;
  const [, token] = /^Bearer ([A-Za-z0-9_-]{1,200})$/i.exec(headers.authorization) ?? [];
  if (token === undefined) throw new RequestError(401, "Authorization: expected Bearer and an API token");
  const found = await findToken(database, token, now);
  if ("failure" in found) throw new RequestError(401, found.failure === "unknown" ? "there is no such API token" : `the API token "${found.title}" is ${found.failure}`);
  return found;
}

async function bySession(database: Database, request: FastifyRequest, now: number): Promise<Caller | undefined> {
  const secret = readCookie(request.headers.cookie);
  const caller = secret === undefined ? undefined : await findSession(database, secret, now);
  if (caller && !SAFE.has(request.method) && !isSameOrigin(request)) throw new RequestError(403, "a change by a session must come from the console's own pages (Origin); programs use an API token");
  return caller;
}

/** Throws a RequestError 401 or 403 when the caller may not do this. */
export function authorise({ access, everywhere }: Operation, caller: Caller | undefined, network: string | undefined): void {
  if (access === "open") return;
  if (!caller) throw new RequestError(401, "sign in first, or send an API token");
  const { actor } = caller;
  if (!mayActAs(actor.role, access)) throw new RequestError(403, `this needs the role ${access}; you are ${actor.role}`);
  if (everywhere && actor.networks !== undefined) throw new RequestError(403, "this needs access to all networks");
  if (network !== undefined && !maySee(actor, network)) throw new RequestError(403, `you may not use the network "${network.slice(0, 63)}"`);
}
