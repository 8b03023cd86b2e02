// SPDX-License-Identifier: Apache-2.0
// rpcd's sessions: who logged in, and what the files of acl.d let him do.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A login section of /etc/config/rpcd: groups by name or pattern. */
export interface Login { username: string; password: string; read: string[]; write: string[] }
type Scopes = Record<string, Record<string, string[]> | string[]>;
type AclFile = Record<string, { description?: string; read?: Scopes; write?: Scopes }>;
/** One thing that a session may: scope "ubus", object, function; or scope "uci", package, "read" or "write". */
interface Grant { scope: string; object: string; function: string }

/** What OpenWrt's luci-base grants and these pages' client needs. */
export const LUCI_BASE: AclFile = {
  "luci-access": {
    read: { ubus: { session: ["access"], uci: ["changes", "get"], luci: ["getFeatures"], file: ["list"] }, uci: ["luci"] },
    write: { ubus: { uci: ["add", "apply", "confirm", "delete", "order", "set"] } },
  },
};
/** Who has no session may only ask for one. */
export const UNAUTHENTICATED: AclFile = { unauthenticated: { read: { ubus: { session: ["access", "login"] } } } };
const NOBODY = "0".repeat(32);

/** As fnmatch(3) with "*" alone, which is what such files use. */
export const matches = (pattern: string, text: string): boolean => new RegExp(`^${pattern.split("*").map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, "\\$&")).join(".*")}$`).test(text);

function grantsOf(group: string, kind: "read" | "write", scopes: Scopes): Grant[] {
  const inScope = ([scope, objects]: [string, Scopes[string]]): Grant[] => (Array.isArray(objects)
    ? objects.map((object) => ({ scope, object, function: kind }))
    : Object.entries(objects).flatMap(([object, functions]) => functions.map((each) => ({ scope, object, function: each }))));
  return [{ scope: "access-group", object: group, function: kind }, ...Object.entries(scopes).flatMap(inScope)];
}

export class Sessions {
  readonly #files: AclFile[];
  readonly #sessions = new Map<string, { username: string; grants: Grant[] }>([[NOBODY, { username: "", grants: grantsOf("unauthenticated", "read", UNAUTHENTICATED["unauthenticated"]!.read!) }]]);
  #last = 0;

  /** `directory`: as /usr/share/rpcd/acl.d. */
  constructor(directory: string, readonly logins: readonly Login[]) {
    this.#files = [LUCI_BASE, ...readdirSync(directory).map((name) => JSON.parse(readFileSync(join(directory, name), "utf8")) as AclFile)];
  }

  /** The session's id; undefined: refused. */
  login(username: string, password: string): string | undefined {
    const login = this.logins.find((each) => each.username === username && each.password === password);
    if (!login) return undefined;
    const mine = (kind: "read" | "write", group: string): boolean => login[kind].some((pattern) => matches(pattern, group)) || (kind === "read" && login.write.some((pattern) => matches(pattern, group)));
    const kinds = ["read", "write"] as const;
    const grants = this.#files.flatMap((file) => Object.entries(file).flatMap(([group, permissions]) => kinds.flatMap((kind) => (mine(kind, group) && permissions[kind] ? grantsOf(group, kind, permissions[kind]) : []))));
    const id = (++this.#last).toString(16).padStart(32, "5");
    this.#sessions.set(id, { username, grants });
    return id;
  }

  has(id: string): boolean { return this.#sessions.has(id); }
  destroy(id: string): boolean { return this.#sessions.delete(id); }

  may(id: string, scope: string, object: string, name: string): boolean {
    return (this.#sessions.get(id)?.grants ?? []).some((grant) => grant.scope === scope && matches(grant.object, object) && matches(grant.function, name));
  }
}
