// SPDX-License-Identifier: Apache-2.0
import { NAME, type Settings } from "@securebox/contract";
import { RequestError, type Actor, type NetworkRow, type Queryable } from "../ports.ts";
import { iso } from "../store/values.ts";
import { done, writeAudit } from "./audit.ts";
import { committed, type Context } from "./context.ts";
import { assignDesired } from "./desired.ts";

interface Stored { name: string; title: string; settings: Settings; policy_version: number; created: Date }
const COLUMNS = "name, title, settings, policy_version, created";

export async function listNetworks(database: Queryable): Promise<NetworkRow[]> {
  return (await database.query<Stored>(`SELECT ${COLUMNS} FROM networks ORDER BY name`)).map(rowOf);
}

/** `lock`: until the transaction ends, so that changes of one network come one after the other. Throws a RequestError 404. */
export async function readNetwork(tx: Queryable, name: string, lock = false): Promise<NetworkRow> {
  const [row] = await tx.query<Stored>(`SELECT ${COLUMNS} FROM networks WHERE name = $1${lock ? " FOR UPDATE" : ""}`, [name]);
  if (!row) throw new RequestError(404, `there is no network "${name}"`);
  return rowOf(row);
}

export async function createNetwork(context: Context, actor: Actor, name: string, title: string): Promise<NetworkRow> {
  if (!NAME.test(name)) throw new RequestError(422, `"${name.slice(0, 80)}" cannot be a network's name: 1 to 63 of a-z, 0-9 and "-", with a letter or digit at both ends`, { field: "name" });
  return committed(context, async (tx, tell) => {
    const [row] = await tx.query<Stored>(`INSERT INTO networks (name, title) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING ${COLUMNS}`, [name, title]);
    if (!row) throw new RequestError(409, `there is a network "${name}" already`);
    await writeAudit(tx, done(actor, "network.create", name, name, { title }), tell);
    tell({ kind: "network", network: name });
    return rowOf(row);
  });
}

/** Resolves with the row, and whether gateways have to learn of it. */
export async function changeNetwork(context: Context, actor: Actor, name: string, change: { title?: string; settings?: Settings }): Promise<{ row: NetworkRow; publish: boolean }> {
  if (change.settings !== undefined) checkSettings(change.settings);
  return committed(context, async (tx, tell) => {
    const before = await readNetwork(tx, name, true);
    const { title, settings } = { ...before, ...change };
    await tx.query("UPDATE networks SET title = $2, settings = $3::jsonb WHERE name = $1", [name, title, JSON.stringify(settings)]);
    const publish = change.settings !== undefined && (await assignDesired(tx, name, context.now()));
    await writeAudit(tx, done(actor, "network.change", name, name, { ...change }), tell);
    tell({ kind: "network", network: name });
    return { row: { ...before, title, settings }, publish };
  });
}

export async function removeNetwork(context: Context, actor: Actor, name: string): Promise<void> {
  await committed(context, async (tx, tell) => {
    await readNetwork(tx, name, true);
    const [{ count }] = (await tx.query<{ count: number }>("SELECT count(*)::integer AS count FROM gateways WHERE network = $1 AND state = 'enrolled'", [name])) as [{ count: number }];
    if (count > 0) throw new RequestError(409, `"${name}" has ${count === 1 ? "a gateway" : `${count} gateways`}: revoke ${count === 1 ? "it" : "them"} first`, { gateways: count });
    await tx.query("DELETE FROM gateways WHERE network = $1", [name]);
    await tx.query("DELETE FROM networks WHERE name = $1", [name]);
    await writeAudit(tx, done(actor, "network.remove", name, name), tell);
    tell({ kind: "network", network: name });
  });
}

function checkSettings(settings: Settings): void {
  const refuse = (field: string, expected: string): never => { throw new RequestError(422, `settings.${field}: expected ${expected}`, { field: `settings.${field}` }); };
  for (const [name, value] of Object.entries(settings)) {
    if (name === "events") { if (!["debug", "info", "warn", "error"].includes(value as string)) refuse(name, "debug, info, warn or error"); }
    else if (name === "askDevices") { if (typeof value !== "boolean") refuse(name, "true or false"); }
    else refuse(name, "only the settings events and askDevices");
  }
}

function rowOf({ name, title, settings, policy_version, created }: Stored): NetworkRow {
  return { name, title, settings, policyVersion: policy_version, created: iso(created) };
}
