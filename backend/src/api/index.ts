// SPDX-License-Identifier: Apache-2.0
export { createApi } from "./create.ts";
export { writeLocalAccess } from "./accounts/tokens.ts";
export type { LocalAccess } from "./accounts/tokens.ts";
export { ensureAdministrator, FIRST_ADMINISTRATOR, resetPassword } from "./accounts/users.ts";
export type { Api, ApiDependencies, Listening, Log } from "./types.ts";
