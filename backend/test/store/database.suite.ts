// SPDX-License-Identifier: Apache-2.0
// What a Database promises, on whichever engine.
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Database } from "../../src/ports.ts";
import { migrate } from "../../src/store/migrate.ts";
import { accounts } from "../../src/store/migrations/003-accounts.ts";
import { migrations } from "../../src/store/migrations/index.ts";
import { eventually } from "../fleet/rig.ts";

export function databaseSuite(engine: string, open: () => Promise<Database>): void {
  let database: Database;
  const it = (name: string, run: () => Promise<void>): void => void test(`${engine}: ${name}`, run);
  test.before(async () => { database = await open(); });
  test.after(() => database?.close());

  it("values: numbers, dates, JSON, NULL come the same", async () => {
    const [row] = await database.query("SELECT $1::bigint AS big, count(*) AS count, $2::timestamptz AS at, $3::jsonb AS json, $4::text AS nothing FROM schema_migrations", [2 ** 40, new Date(0), '{"a":[1]}', null]);
    assert.equal(row, { big: 2 ** 40, count: migrations.length, at: new Date(0), json: { a: [1] }, nothing: null });
  });

  it("a transaction is all or nothing", async () => {
    await database.transaction((tx) => tx.query("INSERT INTO networks (name) VALUES ('kept')"));
    const error = await database.transaction(async (tx) => {
      await tx.query("INSERT INTO networks (name) VALUES ('lost')");
      throw new Error("changed my mind");
    }).catch((thrown: Error) => thrown.message);
    assert.is(error, "changed my mind");
    assert.equal(await database.query("SELECT name FROM networks WHERE name IN ('kept', 'lost')"), [{ name: "kept" }]);
  });

  it("a transaction that lost a race runs again, anything else does not", async () => {
    let runs = 0;
    const raise = (code: string) => database.transaction(async (tx) => {
      if (++runs < 3) await tx.query(`DO $$ BEGIN RAISE EXCEPTION 'made up' USING ERRCODE = '${code}'; END $$`);
      return runs;
    });
    assert.is(await raise("40001"), 3);
    runs = 0;
    assert.match(await raise("22023").then(() => "", (error: Error) => error.message), "made up");
    assert.is(runs, 1);
  });

  it("notifications come to who listens, until they stop", async () => {
    const got: string[] = [];
    const end = await database.listen("securebox_test", (payload) => void got.push(payload));
    await database.notify("securebox_test", "one");
    await eventually(() => got.length === 1, "the notification");
    await end();
    await database.notify("securebox_test", "two");
    await database.query("SELECT 1");
    assert.equal(got, ["one"]);
  });

  it("the schema: migrated once; a newer one than the program's is refused", async () => {
    await Promise.all([migrate(database), migrate(database)]);
    assert.is((await database.query("SELECT FROM schema_migrations")).length, migrations.length);
    const refusal = await migrate(database, migrations.slice(0, 1)).then(() => "", (error: Error) => error.message);
    assert.match(refusal, new RegExp(`schema version ${migrations.length}, this program knows 1`));
    const broken = [...migrations, { name: "broken", statements: ["CREATE TABLE half (a integer)", "not SQL"] }];
    assert.match(await migrate(database, broken).then(() => "", (error: Error) => error.message), "syntax error");
    assert.is((await database.query("SELECT to_regclass('half') AS found"))[0]!["found"], null, "nothing of a failed migration stays");
  });

  it("the schema: the people of a database whose accounts were no migration yet can still sign in", async () => {
    await database.query("INSERT INTO api_users (name, password, role) VALUES ('anna', 'scrypt$', 'operator')");
    for (const statement of accounts) await database.query(statement); // the tables are there, as when the API made them
    assert.equal(await database.query("SELECT name, role, networks FROM api_users"), [{ name: "anna", role: "operator", networks: null }]);
  });

  it("problem: none while it is open", async () => {
    assert.is(await database.problem(), undefined);
  });
}
