// SPDX-License-Identifier: Apache-2.0
import type { Devices } from "@securebox/contract";
import type { DeviceRow, Queryable } from "../ports.ts";
import { iso, present } from "../store/values.ts";

const MAX_ROWS = 10_000;
interface Stored { network: string; mac: string; name: string | null; gateway: string; port: string; addresses: string[]; groups: string[]; quarantined: boolean; blocked: boolean; reason: string | null; associated: boolean; first_seen: Date; last_seen: Date }

/** One row per device: at the gateway where it is, or was last. */
export async function listDevices(database: Queryable, network: string): Promise<DeviceRow[]> {
  const rows = await database.query<Stored>(
    `SELECT DISTINCT ON (mac) network, mac, name, gateway, port, addresses, groups, quarantined, blocked, reason, associated, first_seen, last_seen
     FROM devices WHERE network = $1 ORDER BY mac, associated DESC, last_seen DESC LIMIT ${MAX_ROWS}`, [network]);
  return rows.map(({ first_seen, last_seen, ...row }) => present({ ...row, firstSeen: iso(first_seen), lastSeen: iso(last_seen) }) as DeviceRow);
}

/** The gateway's devices as it says them; those that it no longer has stay, not associated. `at`: when the message came. */
export async function storeDevices(tx: Queryable, network: string, gateway: string, { devices }: Devices, at: Date): Promise<void> {
  const unique = [...new Map(devices.map((device) => [device.mac, device])).values()];
  const list = JSON.stringify(unique);
  await tx.query(
    `INSERT INTO devices (gateway, mac, network, name, port, addresses, groups, quarantined, blocked, reason, associated, first_seen, last_seen)
     SELECT $1, mac, $2, name, port, addresses, groups, quarantined, blocked, reason, associated, $4, $4
     FROM jsonb_to_recordset($3::jsonb) AS d (mac text, name text, port text, addresses jsonb, groups jsonb, quarantined boolean, blocked boolean, reason text, associated boolean)
     ON CONFLICT (gateway, mac) DO UPDATE SET network = excluded.network, name = excluded.name, port = excluded.port, addresses = excluded.addresses, groups = excluded.groups,
       quarantined = excluded.quarantined, blocked = excluded.blocked, reason = excluded.reason, associated = excluded.associated,
       last_seen = CASE WHEN excluded.associated OR devices.associated THEN excluded.last_seen ELSE devices.last_seen END`, [gateway, network, list, at]);
  await tx.query("UPDATE devices SET associated = false WHERE gateway = $1 AND associated AND mac NOT IN (SELECT jsonb_array_elements($2::jsonb)->>'mac')", [gateway, list]);
}
