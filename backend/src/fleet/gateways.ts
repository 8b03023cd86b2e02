// SPDX-License-Identifier: Apache-2.0
import type { Reported } from "@securebox/contract";
import { RequestError, type Actor, type Certificate, type GatewayRow, type Queryable } from "../ports.ts";
import { REVOKED } from "../broker/revocations.ts";
import { iso, optionalIso, present } from "../store/values.ts";
import { done, writeAudit } from "./audit.ts";
import { committed, type Context } from "./context.ts";
import { assignDesired } from "./desired.ts";
import { driftOf } from "./drift.ts";
import { readNetwork } from "./networks.ts";

interface Stored {
  id: string; network: string; title: string; created: Date; state: "enrolled" | "revoked"; presence: "online" | "offline"; presence_since: Date | null; last_seen: Date | null;
  serial: string | null; fingerprint: string | null; not_after: number | null;
  desired_sequence: number; desired_digest: string | null; desired_version: number | null; desired_issued: Date | null; ahead: number | null; reported: Reported | null; reported_at: Date | null;
}
const SELECT = `SELECT g.id, g.network, g.title, g.created, g.state, g.presence, g.presence_since, g.last_seen, c.serial, c.fingerprint, c.not_after,
  g.desired_sequence, g.desired_digest, g.desired_version, g.desired_issued, g.ahead, g.reported, g.reported_at
  FROM gateways g LEFT JOIN certificates c ON c.serial = g.certificate`;

export async function listGateways(database: Queryable, network?: string): Promise<GatewayRow[]> {
  return (await database.query<Stored>(`${SELECT} WHERE $1::text IS NULL OR g.network = $1 ORDER BY g.network, g.id`, [network ?? null])).map(rowOf);
}

/** Throws a RequestError 404. */
export async function readGateway(database: Queryable, id: string): Promise<GatewayRow> {
  const [row] = await database.query<Stored>(`${SELECT} WHERE g.id = $1`, [id]);
  if (!row) throw noGateway(id);
  return rowOf(row);
}

/** Resolves with whether it was enrolled before. Throws a RequestError 404 without the network, 409 when the identifier belongs to another network. */
export async function enrolled(context: Context, actor: Actor, id: string, network: string, title: string, certificate: Certificate): Promise<boolean> {
  return committed(context, async (tx, tell) => {
    await readNetwork(tx, network, true);
    const [known] = await tx.query<{ network: string; state: string }>("SELECT network, state FROM gateways WHERE id = $1 FOR UPDATE", [id]);
    if (known && known.network !== network && known.state === "enrolled") throw new RequestError(409, `gateway "${id}" is in the network "${known.network}"`);
    await revokeCertificates(tx, id, "replaced by a new enrolment");
    await tx.query(
      `INSERT INTO gateways (id, network, title) VALUES ($1, $2, $3)
       ON CONFLICT (id) DO UPDATE SET network = $2, title = CASE WHEN $3 = '' THEN gateways.title ELSE $3 END, state = 'enrolled'`, [id, network, title]);
    await addCertificate(tx, id, network, certificate);
    await assignDesired(tx, network, context.now(), id);
    await writeAudit(tx, done(actor, "gateway.enrol", id, network, { serial: certificate.serial, again: known !== undefined }), tell);
    tell({ kind: "gateway", network, gateway: id });
    return known !== undefined;
  });
}

/** The certificate before stays good until it ends: the gateway may not have got this one. */
export async function renewed(context: Context, id: string, certificate: Certificate): Promise<void> {
  await committed(context, async (tx, tell) => {
    const [known] = await tx.query<{ network: string }>("SELECT network FROM gateways WHERE id = $1 AND state = 'enrolled' FOR UPDATE", [id]);
    if (!known) throw noGateway(id);
    await addCertificate(tx, id, known.network, certificate);
    await writeAudit(tx, { actor: id, action: "gateway.renew", target: id, network: known.network, outcome: "done", detail: { serial: certificate.serial, expires: iso(new Date(certificate.notAfter)) } }, tell);
    tell({ kind: "gateway", network: known.network, gateway: id });
  });
}

export async function changeGateway(context: Context, actor: Actor, id: string, change: { title?: string }): Promise<GatewayRow> {
  await committed(context, async (tx, tell) => {
    const [row] = await tx.query<{ network: string }>("UPDATE gateways SET title = coalesce($2, title) WHERE id = $1 RETURNING network", [id, change.title ?? null]);
    if (!row) throw noGateway(id);
    await writeAudit(tx, done(actor, "gateway.change", id, row.network, { ...change }), tell);
    tell({ kind: "gateway", network: row.network, gateway: id });
  });
  return readGateway(context.database, id);
}

/** Resolves with the gateway's network. */
export async function revokeGateway(context: Context, actor: Actor, id: string, reason: string): Promise<string> {
  return committed(context, async (tx, tell) => {
    const [row] = await tx.query<{ network: string }>(
      "UPDATE gateways SET state = 'revoked', presence = 'offline', presence_since = CASE WHEN presence = 'online' THEN $2 ELSE presence_since END WHERE id = $1 RETURNING network", [id, new Date(context.now())]);
    if (!row) throw noGateway(id);
    await revokeCertificates(tx, id, reason);
    const asked = await tx.query("UPDATE enrolment_requests SET state = 'rejected', decided_by = $2, decided = $3 WHERE gateway = $1 AND state = 'open' RETURNING id", [id, actor.name, new Date(context.now())]);
    if (asked.length > 0) tell({ kind: "enrolment" });
    await tx.query("DELETE FROM enrolment_tokens WHERE gateway = $1 AND used_at IS NULL", [id]); // it comes back by one made afterwards
    await writeAudit(tx, done(actor, "gateway.revoke", id, row.network, { reason }), tell);
    tell({ kind: "gateway", network: row.network, gateway: id });
    return row.network;
  });
}

/** Its certificates stay revoked. Throws a RequestError 404, 409 while it is enrolled. */
export async function removeGateway(context: Context, actor: Actor, id: string): Promise<void> {
  await committed(context, async (tx, tell) => {
    const [row] = await tx.query<{ network: string; state: string }>("SELECT network, state FROM gateways WHERE id = $1 FOR UPDATE", [id]);
    if (!row) throw noGateway(id);
    if (row.state === "enrolled") throw new RequestError(409, `gateway "${id}" is enrolled: revoke it first`);
    await tx.query("DELETE FROM gateways WHERE id = $1", [id]);
    await writeAudit(tx, done(actor, "gateway.remove", id, row.network), tell);
    tell({ kind: "gateway", network: row.network, gateway: id });
  });
}

export async function isAccepted(database: Queryable, gateway: string, network: string, serial: string): Promise<boolean> {
  const rows = await database.query(
    `SELECT FROM gateways g JOIN certificates c ON c.gateway = g.id AND c.network = g.network WHERE g.id = $1 AND g.network = $2 AND g.state = 'enrolled'
     AND c.serial = $3 AND NOT EXISTS (SELECT FROM revoked_certificates r WHERE r.serial = c.serial)`, [gateway, network, serial]);
  return rows.length > 0;
}

async function addCertificate(tx: Queryable, gateway: string, network: string, { serial, fingerprint, pem, notBefore, notAfter }: Certificate): Promise<void> {
  await tx.query("INSERT INTO certificates (serial, gateway, network, fingerprint, pem, not_before, not_after) VALUES ($1, $2, $3, $4, $5, $6, $7)", [serial, gateway, network, fingerprint, pem, notBefore, notAfter]);
  await tx.query("UPDATE gateways SET certificate = $2 WHERE id = $1", [gateway, serial]);
}

async function revokeCertificates(tx: Queryable, gateway: string, reason: string): Promise<void> {
  await tx.query("INSERT INTO revoked_certificates (serial, gateway, not_after, reason) SELECT serial, gateway, not_after, $2 FROM certificates WHERE gateway = $1 ON CONFLICT DO NOTHING", [gateway, reason]);
  await tx.query("SELECT pg_notify($1, '')", [REVOKED]);
}

function rowOf(row: Stored): GatewayRow {
  const shown = present({
    id: row.id, network: row.network, title: row.title, created: iso(row.created), state: row.state, presence: row.presence,
    presenceSince: optionalIso(row.presence_since), lastSeen: optionalIso(row.last_seen),
    certificate: row.serial === null ? undefined : { serial: row.serial, fingerprint: row.fingerprint!, expires: iso(new Date(row.not_after!)) },
    desired: row.desired_digest === null ? undefined : { sequence: row.desired_sequence, digest: row.desired_digest, version: row.desired_version!, issued: iso(row.desired_issued!) },
    reported: row.reported, reportedAt: optionalIso(row.reported_at),
  }) as Omit<GatewayRow, "drift">;
  return present({ ...shown, drift: driftOf(shown, row.ahead ?? undefined) }) as GatewayRow;
}

function noGateway(id: string): RequestError {
  return new RequestError(404, `there is no gateway "${id}"`);
}
