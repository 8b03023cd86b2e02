// SPDX-License-Identifier: Apache-2.0
import { digestOf, type Reported } from "@securebox/contract";
import { hold, readAssigned } from "../desired.ts";
import { sha256 } from "../hash.ts";
import { storable } from "../storable.ts";
import { renumber } from "./hello.ts";
import { isNotOlder, placeOf } from "./order.ts";
import type { Incoming, Room } from "./take.ts";

/** Refusals that a new number or date mends. */
const MENDED: readonly string[] = ["older", "replayed", "expired"];

/** The newest counts. */
export async function takeReported(room: Room, incoming: Incoming<"reported">): Promise<void> {
  const { network, gateway, envelope: { body: reported }, arrived, retained } = incoming;
  const { context, publisher } = room;
  const [row] = await context.database.query<{ desired_sequence: number; desired_digest: string | null }>(
    `UPDATE gateways SET reported = $3::jsonb, reported_digest = $4, reported_at = $5, reported_start = $7, reported_number = $8, last_seen = CASE WHEN $6 THEN last_seen ELSE greatest(last_seen, $5) END,
       -- who speaks is there, whatever a last will of an earlier connection said
       presence = CASE WHEN $6 OR presence_since > $5 THEN presence ELSE 'online' END, presence_since = CASE WHEN $6 OR presence_since > $5 OR presence = 'online' THEN presence_since ELSE $5 END
     WHERE id = $1 AND network = $2 AND state = 'enrolled' AND ${isNotOlder("reported", { at: "$5", start: "$7", number: "$8" })} AND NOT ($6 AND reported_digest IS NOT DISTINCT FROM $4)
     RETURNING desired_sequence, desired_digest`,
    [gateway, network, JSON.stringify(storable(reported)), digestOf({ sha256 }, reported), new Date(arrived), retained, ...placeOf(incoming)]);
  if (!row) return;
  context.live.emit({ kind: "gateway", network, gateway });
  if (retained || !isMendable(reported, row)) return;
  const has = reported.desired?.sequence ?? 0;
  if (has > row.desired_sequence) return hold(context, network, gateway, has);
  await renumber(room, network, gateway, row.desired_sequence);
  await publisher.publish(await readAssigned(context.database, { gateways: [gateway] }));
}

function isMendable({ desired, refused }: Reported, row: { desired_sequence: number; desired_digest: string | null }): boolean {
  return refused?.kind === "desired" && refused.sequence === row.desired_sequence && desired?.digest !== row.desired_digest && MENDED.includes(refused.code);
}
