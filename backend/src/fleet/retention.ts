// SPDX-License-Identifier: Apache-2.0
// Nothing grows without bound: what is old or too many goes, in small steps.
import type { Queryable } from "../ports.ts";

const DAY = 86_400_000;

/** What is kept. Ages in milliseconds. */
export interface Retention {
  /** Events of one network. */
  events: number;
  eventsAge: number;
  audit: number;
  auditAge: number;
  /** Versions of one network's policy. */
  policies: number;
  /** Devices that were not seen for so long are forgotten. */
  devicesAge: number;
}

/** What nothing else was said about; `start` has options for events and audit log. */
export const RETENTION: Retention = { events: 100_000, eventsAge: 30 * DAY, audit: 200_000, auditAge: 400 * DAY, policies: 1000, devicesAge: 90 * DAY };

/** Rows of one statement: others wait while it runs. */
const STEP = 5000;
/** Enrolments that nobody finished, and certificates that have ended, stay for people to see. */
const LEFTOVERS_AGE = 30 * DAY;
const STREAMS_PER_GATEWAY = 8;

/** Resolves with the number of rows that went. */
export async function retain(database: Queryable, keep: Retention, now: number): Promise<number> {
  const before = (age: number): Date => new Date(now - age);
  let gone = 0;
  const all = async (sql: string, parameters: unknown[]): Promise<void> => {
    for (let count = STEP; count === STEP; gone += count) count = (await database.query(sql, parameters)).length;
  };
  await all(`DELETE FROM events WHERE id IN (SELECT id FROM events WHERE received < $1 LIMIT ${STEP}) RETURNING 1`, [before(keep.eventsAge)]);
  await all(`DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < $1 LIMIT ${STEP}) RETURNING 1`, [before(keep.auditAge)]);
  await all(`DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE id <= (SELECT id FROM audit ORDER BY id DESC OFFSET $1 LIMIT 1) LIMIT ${STEP}) RETURNING 1`, [keep.audit]);
  for (const { network } of await database.query<{ network: string }>("SELECT network FROM events GROUP BY network HAVING count(*) > $1", [keep.events])) {
    await all(
      `DELETE FROM events WHERE id IN (SELECT id FROM events WHERE network = $1 AND id <= (SELECT id FROM events WHERE network = $1 ORDER BY id DESC OFFSET $2 LIMIT 1) LIMIT ${STEP}) RETURNING 1`, [network, keep.events]);
  }
  await all("DELETE FROM policies p USING networks n WHERE n.name = p.network AND p.version <= n.policy_version - $1 RETURNING 1", [keep.policies]);
  await all("DELETE FROM devices WHERE NOT associated AND last_seen < $1 RETURNING 1", [before(keep.devicesAge)]);
  await all(`DELETE FROM streams s USING (SELECT gateway, stream, row_number() OVER (PARTITION BY gateway ORDER BY used DESC) AS place FROM streams) r
    WHERE r.gateway = s.gateway AND r.stream = s.stream AND r.place > $1 RETURNING 1`, [STREAMS_PER_GATEWAY]);
  await all("DELETE FROM verdicts WHERE expires < $1 RETURNING 1", [new Date(now)]);
  await all("DELETE FROM enrolment_tokens WHERE expires < $1 RETURNING 1", [before(LEFTOVERS_AGE)]);
  await all("DELETE FROM enrolment_requests WHERE created < $1 RETURNING 1", [before(LEFTOVERS_AGE)]);
  await all("DELETE FROM certificates c WHERE not_after < $1 AND NOT EXISTS (SELECT FROM gateways g WHERE g.certificate = c.serial) RETURNING 1", [now - LEFTOVERS_AGE]);
  await all("DELETE FROM revoked_certificates WHERE not_after < $1 RETURNING 1", [now - LEFTOVERS_AGE]);
  return gone;
}
