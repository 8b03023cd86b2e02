// SPDX-License-Identifier: Apache-2.0
import { test } from "uvu";
import * as assert from "uvu/assert";
import { openDatabase } from "../../src/store/index.ts";
import type { DatabaseError } from "../../src/store/index.ts";
import { eventually } from "../fleet/rig.ts";
import { PostgresqlServer } from "../support/postgresql-server.ts";
import { databaseSuite } from "./database.suite.ts";

let server: PostgresqlServer;
test.before(async () => { server = await PostgresqlServer.start(); });
databaseSuite("PostgreSQL", () => openDatabase({ url: server.url }));

test("PostgreSQL: several processes that start together migrate once", async () => {
  const url = await server.createDatabase("together");
  const opened = await Promise.all([1, 2, 3].map(() => openDatabase({ url })));
  await Promise.all(opened.map((database) => database.close()));
});

test("PostgreSQL: killed and started again, queries and notifications come back by themselves", async () => {
  const database = await openDatabase({ url: await server.createDatabase("killed") });
  const got: string[] = [];
  await database.listen("securebox_test", (payload) => void got.push(payload));
  await server.kill();
  let problem: string | undefined;
  await eventually(async () => /ECONNREFUSED/.test(problem = await database.problem() ?? ""), "every connection of the pool is known to be gone");
  assert.match(problem!, "connect to ");
  assert.not.match(problem!, "postgres@");
  const began = Date.now();
  const [rows] = await Promise.all([database.query("SELECT 1 AS one").catch(() => undefined), server.restart()]);
  if (rows) assert.equal(rows, [{ one: 1 }]);
  else assert.ok(Date.now() - began >= 5000, "a query waits five seconds for a restart");
  assert.equal(await database.query("SELECT 1 AS one"), [{ one: 1 }]);
  await eventually(() => got.includes(""), "the empty payload: something may have been missed", 15_000);
  await database.notify("securebox_test", "after");
  await eventually(() => got.includes("after"), "notifications");
  assert.is(await database.problem(), undefined);
  await database.close();
});

test("PostgreSQL: a connection cut in a transaction fails it as passing, and the next one works", async () => {
  const database = await openDatabase({ url: server.url });
  const error = await database.transaction(async (tx) => {
    const [row] = await tx.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
    await database.query("SELECT pg_terminate_backend($1)", [row!.pid]);
    await tx.query("SELECT 1");
  }).then(() => undefined, (thrown: DatabaseError) => thrown);
  assert.ok(error?.transient, String(error));
  assert.equal(await database.query("SELECT 1 AS one"), [{ one: 1 }]);
  await database.close();
});

test("PostgreSQL: a lock that took too long passes: what waited for it is tried again, and no report of a gateway is dropped", async () => {
  const database = await openDatabase({ url: server.url });
  await database.query("INSERT INTO networks (name) VALUES ('locked')");
  const error = await database.transaction(async (tx) => {
    await tx.query("SELECT FROM networks WHERE name = 'locked' FOR UPDATE");
    return database.transaction(async (other) => {
      await other.query("SET LOCAL lock_timeout = 50");
      await other.query("UPDATE networks SET title = 'x' WHERE name = 'locked'");
    }).then(() => undefined, (thrown: DatabaseError) => thrown);
  });
  assert.equal([error?.code, error?.transient], ["55P03", true], String(error));
  await database.close();
});

test("PostgreSQL: errors say where and never the password", async () => {
  const message = await openDatabase({ url: "postgresql://me:secret@127.0.0.1:1/none" }).then(() => "", (error: Error) => error.message);
  assert.match(message, "connect to 127.0.0.1:1/none");
  assert.not.match(message, "secret");
  assert.match(await openDatabase({ url: "nonsense" }).then(() => "", (error: Error) => error.message), "postgresql://USER:PASSWORD@HOST:PORT/NAME");
});

test.after(() => server?.stop());
test.run();
