// SPDX-License-Identifier: Apache-2.0
import { digestOf } from "@securebox/contract";
import { committed } from "../context.ts";
import { storeDevices } from "../devices.ts";
import { sha256 } from "../hash.ts";
import { storable } from "../storable.ts";
import { isNotOlder, placeOf } from "./order.ts";
import type { Incoming, Room } from "./take.ts";

export async function takeDevices({ context }: Room, incoming: Incoming<"devices">): Promise<void> {
  const { network, gateway, envelope, arrived, retained } = incoming;
  const digest = digestOf({ sha256 }, envelope.body);
  const at = new Date(arrived);
  await committed(context, async (tx, tell) => {
    const rows = await tx.query(
      `UPDATE gateways SET devices_digest = $3, devices_at = $4, devices_start = $6, devices_number = $7, last_seen = CASE WHEN $5 THEN last_seen ELSE greatest(last_seen, $4) END
       WHERE id = $1 AND network = $2 AND state = 'enrolled' AND ${isNotOlder("devices", { at: "$4", start: "$6", number: "$7" })} AND NOT ($5 AND devices_digest IS NOT DISTINCT FROM $3) RETURNING id`, [gateway, network, digest, at, retained, ...placeOf(incoming)]);
    if (rows.length === 0) return;
    await storeDevices(tx, network, gateway, storable(envelope.body), at);
    tell({ kind: "devices", network, gateway });
  });
}
