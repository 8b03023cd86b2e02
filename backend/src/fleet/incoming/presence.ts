// SPDX-License-Identifier: Apache-2.0
import type { Incoming, Room } from "./take.ts";

/** Only what is newer counts: a last will may come after the connection that replaced the lost one. */
export async function takePresence({ context }: Room, { network, gateway, envelope, arrived, retained }: Incoming<"presence">): Promise<void> {
  const { state } = envelope.body;
  const rows = await context.database.query(
    `UPDATE gateways SET presence = $3, presence_since = $4, last_seen = CASE WHEN $5 THEN last_seen ELSE greatest(last_seen, $4) END
     WHERE id = $1 AND network = $2 AND state = 'enrolled' AND presence <> $3 AND (presence_since IS NULL OR presence_since <= $4) RETURNING id`,
    [gateway, network, state, new Date(arrived), retained]);
  if (rows.length > 0) context.live.emit({ kind: "gateway", network, gateway });
}
