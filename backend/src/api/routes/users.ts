// SPDX-License-Identifier: Apache-2.0
import type { Role } from "../../ports.ts";
import { addUser, changePassword, listUsers, removeUser } from "../accounts/users.ts";
import { operation, type Operation } from "../operation.ts";
import { items, networkNames, object, password, ref, role, userName } from "../schemas.ts";
import type { Room } from "./room.ts";

const administrator = { tag: "users", access: "administrator", everywhere: true } as const;
const anna = { name: "anna", role: "operator", networks: ["home"], created: "2026-11-23T08:00:00.000Z" };

export function userRoutes({ database, done }: Room): Operation[] {
  return [
    operation({
      ...administrator, method: "GET", path: "/api/v1/users", summary: "List users", description: "People who may sign in.", answer: items("User"), example: { answer: { items: [anna] } },
      run: async () => ({ items: await listUsers(database) }),
    }),
    operation<{}, {}, { name: string; password: string; role: Role; networks?: string[] }>({
      ...administrator, method: "POST", path: "/api/v1/users", summary: "Add a user", description: "`networks` limits the user to some networks.",
      body: object({ name: userName, password, role, networks: networkNames }, ["networks"]), status: 201, answer: ref("User"), errors: [409],
      example: { body: { name: "anna", password: "four common words here", role: "operator", networks: ["home"] }, answer: anna },
      async run({ body, actor, request }) {
        const user = await addUser(database, body);
        await done(request, actor, "user.add", body.name, { role: body.role, ...(body.networks ? { networks: body.networks } : {}) });
        return user;
      },
    }),
    operation<{ name: string }, {}, { password: string }>({
      ...administrator, method: "PUT", path: "/api/v1/users/:name/password", summary: "Set a user's password", description: "Ends the user's sessions.",
      params: { name: userName }, body: object({ password }), example: { body: { password: "four other common words" } },
      async run({ params, body, actor, request }) {
        await changePassword(database, params.name, body.password);
        await done(request, actor, "user.password", params.name);
      },
    }),
    operation<{ name: string }>({
      ...administrator, method: "DELETE", path: "/api/v1/users/:name", summary: "Remove a user", description: "With the user's sessions and tokens. The last administrator stays.",
      params: { name: userName }, errors: [409],
      async run({ params, actor, request }) {
        await removeUser(database, params.name);
        await done(request, actor, "user.remove", params.name);
      },
    }),
  ];
}
