// SPDX-License-Identifier: Apache-2.0
import { test } from "uvu";
import * as assert from "uvu/assert";
import { RETENTION } from "../../src/fleet/index.ts";
import { retain } from "../../src/fleet/retention.ts";
import type { Database } from "../../src/ports.ts";
import { openDatabase } from "../../src/store/index.ts";

const DAY = 86_400_000;
let database: Database;
test.before(async () => { database = await openDatabase({ directory: undefined }); });
test.after(() => database.close());

const count = async (table: string, where = "true"): Promise<number> => (await database.query<{ count: number }>(`SELECT count(*)::integer AS count FROM ${table} WHERE ${where}`))[0]!.count;
const ago = (days: number): Date => new Date(Date.now() - days * DAY);

test("events: the newest of each network, none older than the age", async () => {
  const add = (network: string, n: number, received: Date): Promise<unknown> =>
    database.query("INSERT INTO events (network, at, received, level, event, fields) SELECT $1, $3, $3, 'info', 'e' || i, '{}' FROM generate_series(1, $2::integer) i", [network, n, received]);
  await add("busy", 12_000, ago(1));
  await add("quiet", 30, ago(1));
  await add("quiet", 20, ago(31));
  assert.is(await retain(database, { ...RETENTION, events: 500 }, Date.now()), 11_500 + 20);
  assert.equal([await count("events", "network = 'busy'"), await count("events", "network = 'quiet'")], [500, 30]);
  assert.is(await count("events", "network = 'busy' AND event = 'e12000'"), 1, "the newest stay");
  assert.is(await retain(database, RETENTION, Date.now()), 0);
});

test("audit, policies, devices, streams, verdicts, enrolments and certificates are bounded too", async () => {
  const now = Date.now();
  await database.query("INSERT INTO networks (name, policy_version) VALUES ('home', 30)");
  await database.query("INSERT INTO policies (network, version, text, policy, digest, author, reason) SELECT 'home', v, '', '{}', '', '', '' FROM generate_series(1, 30) v");
  await database.query("INSERT INTO gateways (id, network, certificate) VALUES ('attic', 'home', 'newest')");
  await database.query("INSERT INTO audit (at, actor, action, target, outcome, detail) SELECT $1::timestamptz + i * interval '1 day', 'a', 'b', 'c', 'done', '{}' FROM generate_series(0, 99) i", [ago(500)]);
  const device = "INSERT INTO devices (gateway, mac, network, port, addresses, groups, quarantined, blocked, associated, first_seen, last_seen) VALUES ('attic', $1, 'home', '', '[]', '[]', false, false, $2, $3, $3)";
  for (const [mac, associated, seen] of [["a", true, ago(200)], ["b", false, ago(200)], ["c", false, ago(2)]]) await database.query(device, [mac, associated, seen]);
  await database.query("INSERT INTO streams (gateway, stream, stored, used) SELECT 'attic', 's' || i, 0, now() + i * interval '1 second' FROM generate_series(1, 20) i");
  for (const expires of [null, ago(1), ago(-1)]) await database.query("INSERT INTO verdicts (network, kind, device, remote, verdict, reason, author, lifetime, expires) VALUES ('home', 'flow', '*', '*', 'deny', '', '', 1, $1)", [expires]);
  for (const days of [5, 50]) {
    await database.query("INSERT INTO enrolment_tokens (hash, network, gateway, created_by, expires) VALUES ($1, 'home', 'g', 'a', $2)", [`h${days}`, ago(days)]);
    await database.query("INSERT INTO enrolment_requests (id, gateway, network, csr, key_fingerprint, same_key, remote, created) VALUES ($1, 'g', 'home', '', '', true, '', $2)", [`r${days}`, ago(days)]);
    for (const serial of [`old${days}`, ...(days === 50 ? ["newest"] : [])]) await database.query("INSERT INTO certificates (serial, gateway, network, fingerprint, pem, not_before, not_after) VALUES ($1, 'attic', 'home', '', '', 0, $2)", [serial, now - days * DAY]);
    await database.query("INSERT INTO revoked_certificates (serial, gateway, not_after, reason) VALUES ($1, 'attic', $2, '')", [`old${days}`, now - days * DAY]);
  }
  await retain(database, { ...RETENTION, audit: 40, policies: 10 }, now);
  assert.equal(await database.query("SELECT min(version) AS lowest, count(*) AS count FROM policies"), [{ lowest: 21, count: 10 }]);
  assert.is(await count("audit"), 0, "all were older than the age");
  assert.equal((await database.query("SELECT mac FROM devices ORDER BY mac")).map(({ mac }) => mac), ["a", "c"]);
  assert.equal([await count("streams"), await count("streams", "stream = 's20'")], [8, 1]);
  assert.equal([await count("verdicts"), await count("enrolment_tokens"), await count("enrolment_requests"), await count("revoked_certificates")], [2, 1, 1, 1]);
  assert.equal((await database.query("SELECT serial FROM certificates ORDER BY serial")).map(({ serial }) => serial), ["newest", "old5"], "what the gateway has stays");
  await database.query("INSERT INTO audit (actor, action, target, outcome, detail) SELECT 'a', 'b', 'c', 'done', '{}' FROM generate_series(1, 99)");
  await retain(database, { ...RETENTION, audit: 40 }, now);
  assert.is(await count("audit"), 40);
});

test.run();
