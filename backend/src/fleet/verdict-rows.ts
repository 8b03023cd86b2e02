// SPDX-License-Identifier: Apache-2.0
// Verdicts that operators gave: answers to questions of gateways, before the policy's own.
import { parseMac, parsePrefix } from "@securebox/contract";
import { RequestError, type Actor, type Queryable, type VerdictRow } from "../ports.ts";
import { iso, present } from "../store/values.ts";
import { done, writeAudit } from "./audit.ts";
import { committed, type Context } from "./context.ts";
import { readNetwork } from "./networks.ts";

/** Of one network: all are read when the first question comes. */
const MAX_ROWS = 1000;
interface Stored { id: number; network: string; device: string; remote: string; protocol: number | null; port: number | null; kind: "flow" | "device"; verdict: "allow" | "deny"; reason: string; author: string; lifetime: number; expires: Date | null; created: Date }

/** Those that count at `now`, oldest first. */
export async function listVerdicts(database: Queryable, network: string, now: number): Promise<VerdictRow[]> {
  const rows = await database.query<Stored>("SELECT * FROM verdicts WHERE network = $1 AND (expires IS NULL OR expires > $2) ORDER BY id", [network, new Date(now)]);
  return rows.map(rowOf);
}

/** Throws a RequestError 404 or 422. */
export async function addVerdict(context: Context, actor: Actor, wanted: Omit<VerdictRow, "id" | "created" | "author">): Promise<VerdictRow> {
  const device = endOf("device", wanted.device, false);
  const remote = wanted.kind === "device" ? "*" : endOf("remote", wanted.remote, true);
  if (wanted.port !== undefined && wanted.protocol === undefined) throw new RequestError(422, "port: needs a protocol, 6 (TCP) or 17 (UDP)", { field: "port" });
  if (!Number.isSafeInteger(wanted.lifetime) || wanted.lifetime < 1 || wanted.lifetime > 31_536_000) throw new RequestError(422, "lifetime: expected 1 to 31,536,000 seconds (a year)", { field: "lifetime" });
  return committed(context, async (tx, tell) => {
    await readNetwork(tx, wanted.network, true);
    const [{ count }] = (await tx.query<{ count: number }>("SELECT count(*)::integer AS count FROM verdicts WHERE network = $1", [wanted.network])) as [{ count: number }];
    if (count >= MAX_ROWS) throw new RequestError(422, `"${wanted.network}" has ${MAX_ROWS} verdicts, which is the most: write a rule into the policy instead`);
    const [row] = await tx.query<Stored>(
      `INSERT INTO verdicts (network, kind, device, remote, protocol, port, verdict, reason, author, lifetime, expires) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING *`,
      [wanted.network, wanted.kind, device, remote, wanted.protocol ?? null, wanted.port ?? null, wanted.verdict, wanted.reason, actor.name, wanted.lifetime, wanted.expires === undefined ? null : new Date(wanted.expires)]);
    const made = rowOf(row!);
    await writeAudit(tx, done(actor, "verdict.add", String(made.id), wanted.network, { ...made }), tell);
    tell({ kind: "network", network: wanted.network });
    return made;
  });
}

/** Throws a RequestError 404. */
export async function removeVerdict(context: Context, actor: Actor, id: number): Promise<void> {
  await committed(context, async (tx, tell) => {
    const [row] = await tx.query<Stored>("DELETE FROM verdicts WHERE id = $1 RETURNING *", [id]);
    if (!row) throw new RequestError(404, `there is no verdict ${id}`);
    await writeAudit(tx, done(actor, "verdict.remove", String(id), row.network, { ...rowOf(row) }), tell);
    tell({ kind: "network", network: row.network });
  });
}

/** Canonical form of a MAC address, an address or prefix, or "*". */
function endOf(field: string, text: string, addresses: boolean): string {
  if (text === "*") return text;
  const mac = parseMac(text);
  if (mac.ok) return mac.value;
  const prefix = addresses ? parsePrefix(text) : undefined;
  if (prefix?.ok) return prefix.value;
  throw new RequestError(422, `${field}: "${text.slice(0, 60)}" is neither a MAC address${addresses ? ", an address, a prefix" : ""} nor "*"`, { field });
}

function rowOf(row: Stored): VerdictRow {
  return present({ ...row, expires: row.expires === null ? undefined : iso(row.expires), created: iso(row.created) }) as VerdictRow;
}
