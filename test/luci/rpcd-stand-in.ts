// SPDX-License-Identifier: Apache-2.0
/*
 * A stand-in for rpcd: the objects "session" and "uci" on a bus, and of "luci" and "file" what LuCI's client asks when a page begins (no features, no files). Not in it: expiry of sessions, passwords from /etc/shadow, grant and revoke, rpcd's plugins
 * (iwinfo, rc, sys, the rest of file), the timer that rolls back an apply that nobody confirms, uci's methods state, rename, revert, commit, configs and reload_config.
 * Changes are kept per session and written to the file by "apply".
 */
import { method, StatusError, type Table, type UbusClient, type Value } from "ubus-ts";
import { Sessions, type Login } from "./sessions.ts";
import { UciStore, type Change } from "./uci-store.ts";

export interface RpcdOptions { acl: string; config: string; logins: readonly Login[] }

export async function startRpcd(bus: UbusClient, options: RpcdOptions): Promise<void> {
  const sessions = new Sessions(options.acl, options.logins);
  const uci = new UciStore(options.config);
  await bus.publish("session", sessionMethods(sessions));
  await bus.publish("uci", uciMethods(sessions, uci));
}

/** For the real rpcd as well: these come from LuCI's packages. */
export async function startLuciObjects(bus: UbusClient): Promise<void> {
  await bus.publish("luci", { getFeatures: method({}, () => ({})) });
  await bus.publish("file", { list: method({ path: "string" }, () => { throw new StatusError("not-found"); }) });
}

function sessionMethods(sessions: Sessions) {
  return {
    login: method({ username: "string", password: "string" }, ({ username, password }) => {
      const id = sessions.login(username, password);
      if (id === undefined) throw new StatusError("permission-denied");
      return { ubus_rpc_session: id };
    }),
    access: method({ ubus_rpc_session: "string", scope: "string?", object: "string?", function: "string?" }, ({ ubus_rpc_session: id, scope = "ubus", object, function: name }) => {
      if (!sessions.has(id)) throw new StatusError("not-found");
      return object === undefined || name === undefined ? {} : { access: sessions.may(id, scope, object, name) };
    }),
    destroy: method({ ubus_rpc_session: "string" }, ({ ubus_rpc_session: id }) => {
      if (!sessions.destroy(id)) throw new StatusError("not-found");
    }),
  };
}

const SESSION = { ubus_rpc_session: "string?" } as const;

function uciMethods(sessions: Sessions, store: UciStore) {
  /** rpcd checks the package as well; a caller without a session is a program on the access point. */
  const check = (id: string | undefined, config: string, kind: "read" | "write"): string => {
    if (id !== undefined && !sessions.may(id, "uci", config, kind)) throw new StatusError("permission-denied");
    if (!store.has(config)) throw new StatusError("not-found");
    return id ?? "";
  };
  const change = (args: { ubus_rpc_session: string | undefined; config: string }, what: Change): Table => ({ section: store.change(check(args.ubus_rpc_session, args.config, "write"), args.config, what) });
  return {
    get: method({ ...SESSION, config: "string" }, ({ ubus_rpc_session: id, config }) => ({ values: store.values(check(id, config, "read"), config) as Table })),
    add: method({ ...SESSION, config: "string", type: "string", name: "string?", values: "table?" }, (args) => change(args, { kind: "add", type: args.type, name: args.name, values: texts(args.values ?? {}) })),
    set: method({ ...SESSION, config: "string", section: "string", values: "table" }, (args) => change(args, { kind: "set", section: args.section, values: texts(args.values) })),
    delete: method({ ...SESSION, config: "string", section: "string", option: "string?", options: "array?" }, (args) => change(args, { kind: "delete", section: args.section, options: args.option === undefined ? args.options?.map(String) : [args.option] })),
    order: method({ ...SESSION, config: "string", sections: "array" }, (args) => change(args, { kind: "order", sections: args.sections.map(String) })),
    changes: method({ ...SESSION }, ({ ubus_rpc_session: id = "" }) => ({ changes: store.changes(id) as Table })),
    apply: method({ ...SESSION, rollback: "bool?", timeout: "int32?" }, ({ ubus_rpc_session: id = "" }) => store.apply(id)),
    confirm: method({ ...SESSION }, () => {}),
  };
}

/** UCI knows texts and lists of texts. */
function texts(values: Table): Record<string, string | string[]> {
  const text = (value: Value | undefined): string => String(value === true ? 1 : value === false ? 0 : value);
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Array.isArray(value) ? value.map(text) : text(value)]));
}
