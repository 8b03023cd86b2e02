// SPDX-License-Identifier: Apache-2.0
import { unenforced } from "@securebox/contract";
import { createTwoFilesPatch } from "diff";
import type { DryRun, Queryable } from "../ports.ts";
import { decisionChanges } from "./decision-changes.ts";
import { readNetwork } from "./networks.ts";
import { parseFor, readPolicy } from "./policies.ts";

/** Decisions are compared between this many devices at most, those seen last. */
const MAX_DEVICES = 500;
const MAX_CHANGES = 200;

/** Changes nothing. Throws a RequestError 404. */
export async function dryRun(database: Queryable, network: string, text: string): Promise<DryRun> {
  await readNetwork(database, network);
  const [current, devices, gateways] = await Promise.all([
    readPolicy(database, network),
    database.query<{ mac: string }>("SELECT mac FROM devices WHERE network = $1 GROUP BY mac ORDER BY max(last_seen) DESC LIMIT $2", [network, MAX_DEVICES + 1]),
    database.query<{ count: number }>("SELECT count(*)::integer AS count FROM gateways WHERE network = $1 AND state = 'enrolled'", [network]),
  ]);
  const result = parseFor(network, text);
  const common = { diff: difference(current?.version ?? 0, current?.text ?? "", text), gateways: gateways[0]!.count };
  if (!result.ok) return { ...common, valid: false, problems: result.problems, warnings: [], unenforced: [], changes: [], total: 0, cut: [] };
  const { changes, total, cut } = await decisionChanges(current?.policy, result.policy, devices.slice(0, MAX_DEVICES).map(({ mac }) => mac), MAX_CHANGES);
  return {
    ...common, valid: true, problems: [], warnings: result.warnings,
    unenforced: unenforced(result.policy, result.lines).map(({ field, meaning, line }) => ({ path: field, reason: meaning, ...(line !== undefined && { line }) })),
    changes, total, cut: devices.length > MAX_DEVICES ? ["devices", ...cut] : cut,
  };
}

/** Unified; empty for equal texts. */
function difference(version: number, before: string, after: string): string {
  if (before === after) return "";
  // A text that shares nothing with the one before costs time that grows with the square: then everything is another line.
  const patch = createTwoFilesPatch(version === 0 ? "none" : `version ${version}`, "new", before, after, undefined, undefined, { context: 3, timeout: 500 }) as string | undefined;
  return patch?.replace(/^=+\n/, "") ?? [...before.split("\n").map((line) => `-${line}`), ...after.split("\n").map((line) => `+${line}`)].join("\n");
}
