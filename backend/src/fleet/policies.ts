// SPDX-License-Identifier: Apache-2.0
// Versions of a network's policy: 1, 2, 3..., never changed, never reused.
import { digestOf, parsePolicy, type Policy, type PolicyResult } from "@securebox/contract";
import { RequestError, type Actor, type PolicyVersion, type Queryable } from "../ports.ts";
import { iso, present } from "../store/values.ts";
import { done, writeAudit } from "./audit.ts";
import { committed, type Context } from "./context.ts";
import { assignDesired, release } from "./desired.ts";
import { sha256 } from "./hash.ts";
import { readNetwork } from "./networks.ts";

interface Head { network: string; version: number; digest: string; author: string; reason: string; created: Date; rolled_back_from: number | null }
interface Stored extends Head { text: string; policy: Policy }
const HEAD = "network, version, digest, author, reason, created, rolled_back_from";

/** The newest one without `version`. */
export async function readPolicy(database: Queryable, network: string, version?: number): Promise<PolicyVersion | undefined> {
  const [row] = await database.query<Stored>(
    `SELECT ${HEAD}, text, policy FROM policies WHERE network = $1 AND ($2::integer IS NULL OR version = $2) ORDER BY version DESC LIMIT 1`, [network, version ?? null]);
  return row && { ...headOf(row), text: row.text, policy: row.policy };
}

/** Newest first. */
export async function readHistory(database: Queryable, network: string, { before, limit }: { before?: number; limit: number }): Promise<Omit<PolicyVersion, "policy" | "text">[]> {
  const rows = await database.query<Head>(
    `SELECT ${HEAD} FROM policies WHERE network = $1 AND ($2::integer IS NULL OR version < $2) ORDER BY version DESC LIMIT $3`, [network, before ?? null, limit]);
  return rows.map(headOf);
}

/** Reads a text for a network: one for another network is as invalid as one with a syntax error. */
export function parseFor(network: string, text: string): PolicyResult {
  const result = parsePolicy(text, "policy");
  if (!result.ok) return result;
  if (text.includes("\0")) return { ok: false, source: result.source, problems: [{ line: 0, column: 0, field: "", message: "the text holds a NUL character", expected: "text" }], omitted: 0 };
  if (result.policy.network === network) return result;
  const line = text.split("\n").findIndex((row) => /^\s*"?network"?\s*:/.test(row)) + 1;
  const problem = { line, column: line > 0 ? 1 : 0, field: "network", message: `"${result.policy.network}" is another network`, expected: `"${network}"` };
  return { ok: false, source: result.source, problems: [problem], omitted: 0 };
}

export interface Push { network: string; text: string; reason: string; expected?: number; rolledBackFrom?: number }

/** Resolves after the commit. `changed` is false for the text that is current already. Throws a RequestError 404, 409 or 422. */
export async function pushPolicy(context: Context, actor: Actor, push: Push): Promise<{ version: PolicyVersion; changed: boolean }> {
  const result = parseFor(push.network, push.text);
  if (!result.ok) {
    await readNetwork(context.database, push.network);
    throw new RequestError(422, `the policy is not valid: ${result.problems.length + result.omitted} problem${result.problems.length + result.omitted === 1 ? "" : "s"}`, { problems: result.problems });
  }
  return committed(context, async (tx, tell) => {
    const { policyVersion } = await readNetwork(tx, push.network, true);
    if (push.expected !== undefined && push.expected !== policyVersion)
      throw new RequestError(409, `the newest version of "${push.network}" is ${policyVersion}, not ${push.expected}: somebody else changed it`, { version: policyVersion });
    const current = await readPolicy(tx, push.network);
    const released = await release(tx, push.network);
    if (current?.text === push.text) {
      if (!released) return { version: current, changed: false };
      await assignDesired(tx, push.network, context.now());
      await writeAudit(tx, done(actor, "policy.confirm", push.network, push.network, { version: current.version, reason: push.reason }), tell);
      return { version: current, changed: true };
    }
    const version = await insertVersion(tx, actor, push, policyVersion + 1, result.policy);
    await assignDesired(tx, push.network, context.now());
    const detail = present({ version: version.version, reason: push.reason, rolledBackFrom: push.rolledBackFrom });
    await writeAudit(tx, done(actor, push.rolledBackFrom === undefined ? "policy.push" : "policy.rollback", push.network, push.network, detail), tell);
    tell({ kind: "policy", network: push.network, version: version.version });
    return { version, changed: true };
  });
}

async function insertVersion(tx: Queryable, actor: Actor, { network, text, reason, rolledBackFrom }: Push, version: number, policy: Policy): Promise<PolicyVersion> {
  const [row] = await tx.query<Head>(
    `INSERT INTO policies (network, version, text, policy, digest, author, reason, rolled_back_from) VALUES ($1, $2, $3, $4::jsonb, $5, $6, $7, $8) RETURNING ${HEAD}`,
    [network, version, text, JSON.stringify(policy), digestOf({ sha256 }, policy), actor.name, reason, rolledBackFrom ?? null]);
  await tx.query("UPDATE networks SET policy_version = $2 WHERE name = $1", [network, version]);
  return { ...headOf(row!), text, policy };
}

function headOf({ network, version, digest, author, reason, created, rolled_back_from }: Head): Omit<PolicyVersion, "policy" | "text"> {
  return { network, version, digest, author, reason, created: iso(created), ...(rolled_back_from !== null && { rolledBackFrom: rolled_back_from }) };
}
