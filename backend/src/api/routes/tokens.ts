// SPDX-License-Identifier: Apache-2.0
import type { Actor, Role } from "../../ports.ts";
import { RequestError } from "../../ports.ts";
import { createToken, listTokens, revokeToken } from "../accounts/tokens.ts";
import { operation, type Call, type Operation } from "../operation.ts";
import { mayActAs, maySee } from "../roles.ts";
import { id, items, networkNames, object, role, text } from "../schemas.ts";
import type { Room } from "./room.ts";

interface Wanted { title: string; role: Role; networks?: string[]; days?: number }
const row = { id: 3, title: "backup script", owner: "anna", role: "viewer", networks: ["home"], created: "2026-11-23T08:00:00.000Z", expires: "2027-02-21T08:00:00.000Z" };
const MAX_DAYS = 730;
const DAY = 86_400_000;

/** Everybody manages their own tokens, an administrator of all networks everybody's. */
function ownerOf(actor: Actor): string | undefined {
  return actor.role === "administrator" && actor.networks === undefined ? undefined : actor.name;
}

/** Throws a RequestError when the token would be able to do more than who makes it. */
function checkWithin(actor: Actor, wanted: Wanted): void {
  if (!mayActAs(actor.role, wanted.role)) throw new RequestError(403, `you are ${actor.role}: you cannot make a token with the role ${wanted.role}`);
  const foreign = (wanted.networks ?? actor.networks ?? []).find((network) => !maySee(actor, network));
  if (foreign !== undefined) throw new RequestError(403, `you may not use the network "${foreign}"`);
}

export function tokenRoutes({ database, now, done, refuse }: Room): Operation[] {
  async function create({ body, actor, caller, request }: Call<{}, {}, Wanted>): Promise<unknown> {
    const local = caller?.by === "token" && ownerOf(actor) !== undefined;
    if (local) throw refuse(request, new RequestError(403, "a token cannot make tokens; sign in with a name and a password"), { action: "token.create", target: body.title });
    try {
      checkWithin(actor, body);
    } catch (error) {
      throw refuse(request, error as RequestError, { action: "token.create", target: body.title });
    }
    const networks = body.networks ?? actor.networks;
    const { token, row: made } = await createToken(database, {
      title: body.title, role: body.role, ...(networks ? { networks } : {}), ...(actor.kind === "user" ? { owner: actor.name } : {}),
      expires: new Date(now() + (body.days ?? 90) * DAY),
    });
    await done(request, actor, "token.create", `${made.id} ${body.title}`, { role: body.role, ...(networks ? { networks } : {}), expires: made.expires! });
    return { token, ...made };
  }

  return [
    operation({
      method: "GET", path: "/api/v1/tokens", tag: "tokens", access: "viewer", summary: "List API tokens", description: "One's own; for an administrator everybody's. Never shows the secrets.",
      answer: items("Token"), example: { answer: { items: [row] } }, run: async ({ actor }) => ({ items: await listTokens(database, ownerOf(actor)) }),
    }),
    operation<{}, {}, Wanted>({
      method: "POST", path: "/api/v1/tokens", tag: "tokens", access: "viewer", summary: "Make an API token", run: create,
      description: `The answer holds \`token\`, shown this once: send it as \`Authorization: Bearer TOKEN\`. It can do no more than its owner can; it ends after \`days\` (default 90, at most ${MAX_DAYS}), when it is revoked, and with its owner.`,
      body: object({ title: text(1, 100, { description: "what it is for" }), role, networks: networkNames, days: { type: "integer", minimum: 1, maximum: MAX_DAYS } }, ["networks", "days"]),
      status: 201, answer: object({ token: { type: "string" }, id: { type: "integer" }, title: { type: "string" }, owner: { type: "string" }, role, networks: networkNames, created: { type: "string" }, expires: { type: "string" } }, ["owner", "networks"]),
      example: { body: { title: "backup script", role: "viewer", networks: ["home"], days: 90 }, answer: { token: "sbt_Jx…", ...row } },
    }),
    operation<{ id: number }>({
      method: "DELETE", path: "/api/v1/tokens/:id", tag: "tokens", access: "viewer", summary: "Revoke an API token", description: "It is refused from now on. The row stays, for the audit.", params: { id },
      async run({ params, actor, request }) {
        await revokeToken(database, params.id, ownerOf(actor));
        await done(request, actor, "token.revoke", String(params.id));
      },
    }),
  ];
}
