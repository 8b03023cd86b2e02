// SPDX-License-Identifier: Apache-2.0
import { RequestError } from "../../ports.ts";
import { endSession, startSession } from "../accounts/sessions.ts";
import { changePassword, findByPassword } from "../accounts/users.ts";
import { clearCookie, sessionCookie } from "../http/cookie.ts";
import { operation, type Call, type Operation } from "../operation.ts";
import { object, password, ref, text } from "../schemas.ts";
import type { Room } from "./room.ts";

interface Login { name: string; password: string }

export function sessionRoutes(room: Room): Operation[] {
  const { database, now, refuse, attempts } = room;

  async function login({ body, request, reply }: Call<{}, {}, Login>): Promise<unknown> {
    const names = [`pair ${body.name} ${request.ip}`, `user ${body.name}`, `address ${request.ip}`];
    attempts.check(names);
    const user = await findByPassword(database, body.name, body.password);
    if (!user) {
      attempts.failed(names);
      throw refuse(request, new RequestError(401, "the name or the password is wrong"), { action: "session.start", target: body.name, actor: body.name });
    }
    attempts.succeeded(names[0]!);
    const { secret, expires } = await startSession(database, user.name, now());
    reply.header("set-cookie", sessionCookie(secret, expires, request.protocol === "https"));
    return { name: user.name, kind: "user", role: user.role, ...(user.networks ? { networks: user.networks } : {}) };
  }

  return [
    operation<{}, {}, Login>({
      method: "POST", path: "/api/v1/session", tag: "session", access: "open", summary: "Sign in", run: login,
      description: "Starts a session of a browser: the answer sets the cookie `securebox_session` (HttpOnly, SameSite=Strict; Secure over HTTPS). It ends after 8 hours without a request and after 7 days in any case. Changes by a session need the `Origin` of the backend itself. Programs use API tokens instead. Within 5 minutes at most 10 failures of one name from one address, 30 from one address, 100 of one name; then 429, for the right password too.",
      body: object({ name: text(1, 63), password: text(1, 200) }), answer: ref("Me"), errors: [401, 403, 429],
      example: { body: { name: "admin", password: "correct horse battery staple" }, answer: { name: "admin", kind: "user", role: "administrator" } },
    }),
    operation({
      method: "DELETE", path: "/api/v1/session", tag: "session", access: "viewer", summary: "Sign out", description: "Ends this session at once. For a token it does nothing: revoke it instead.",
      async run({ caller, reply }) {
        if (caller?.by === "session") await endSession(database, caller.credential);
        reply.header("set-cookie", clearCookie());
      },
    }),
    operation({
      method: "GET", path: "/api/v1/me", tag: "session", access: "viewer", summary: "Who I am", description: "Name, role and networks of whoever asks.", answer: ref("Me"),
      example: { answer: { name: "anna", kind: "user", role: "operator", networks: ["home"] } }, run: async ({ actor }) => actor,
    }),
    operation<{}, {}, { current: string; password: string }>({
      method: "PUT", path: "/api/v1/me/password", tag: "session", access: "viewer", summary: "Change my password",
      description: "Needs the present password, and a session: tokens have none. Ends all other sessions of the user.",
      body: object({ current: text(1, 200), password }), errors: [429], example: { body: { current: "correct horse battery staple", password: "Tr0ub4dor & three more" } },
      async run({ body, caller, actor, request }) {
        if (caller?.by !== "session") throw new RequestError(403, "a token cannot change a password; sign in with the password");
        const names = [`pair ${actor.name} ${request.ip}`];
        attempts.check(names);
        if (!(await findByPassword(database, actor.name, body.current))) {
          attempts.failed(names);
          throw refuse(request, new RequestError(403, "the present password is wrong"), { action: "user.password", target: actor.name });
        }
        await changePassword(database, actor.name, body.password, caller.credential);
        await room.done(request, actor, "user.password", actor.name);
      },
    }),
  ];
}
