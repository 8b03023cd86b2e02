// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type DatabaseError, openDatabase } from "../../src/store/index.ts";
import { openPglite } from "../../src/store/pglite.ts";
import { databaseSuite } from "./database.suite.ts";

databaseSuite("PGlite", () => openDatabase({ directory: undefined }));

const directory = mkdtempSync(join(tmpdir(), "securebox-pglite-"));
test.after(() => rmSync(directory, { recursive: true, force: true }));

test("PGlite: what was stored in a directory is there again; one process at a time", async () => {
  const first = await openDatabase({ directory });
  await first.query("INSERT INTO networks (name) VALUES ('home')");
  const refusal = (): Promise<string> => openDatabase({ directory }).then(() => "", (error: Error) => error.message);
  assert.match(await refusal(), "this process has it open");
  const [, start] = readFileSync(join(directory, "securebox.lock"), "utf8").split(" ");
  await first.close();
  const init = readFileSync("/proc/1/stat", "utf8").replace(/^.*\) /s, "").split(" ")[19];
  writeFileSync(join(directory, "securebox.lock"), `1 ${init}@${start!.split("@")[1]}`);
  assert.match(await refusal(), "process 1 has it open");
  writeFileSync(join(directory, "securebox.lock"), `1 ${start}`); // the number of a process that is gone, used again
  const second = await openDatabase({ directory });
  assert.equal(await second.query("SELECT name FROM networks"), [{ name: "home" }]);
  await second.close();
  assert.match((await second.problem())!, "closed");
});

test("PGlite: with too little room on its disk it reads, and writes nothing until there is more", async () => {
  let free = Infinity;
  const database = await openPglite(directory, () => free);
  await database.query("CREATE TABLE room (n integer)");
  free = 64 * 1024 * 1024 - 1;
  const refusal = await database.query("INSERT INTO room VALUES (1)").then(() => undefined, (error: DatabaseError) => error);
  assert.is(refusal!.code, "53100");
  assert.ok(refusal!.transient);
  assert.match(refusal!.message, /is full: 63 MiB are left/);
  assert.match(await database.transaction((tx) => tx.query("INSERT INTO room VALUES (2)")).then(() => "", (error: Error) => error.message), /is full/);
  assert.equal(await database.query("SELECT n FROM room"), []);
  assert.match((await database.problem())!, /is full/);
  free++;
  await database.query("INSERT INTO room VALUES (3)");
  assert.equal(await database.query("SELECT n FROM room"), [{ n: 3 }]);
  assert.is(await database.problem(), undefined);
  await database.close();
  free = 0;
  assert.match(await openPglite(directory, () => free).then(() => "", (error: Error) => error.message), /is full: 0 MiB are left/);
});

test("PGlite: its log does not grow without bound", async () => {
  const database = await openDatabase({ directory });
  await database.query("CREATE TABLE much (text text)");
  await database.query("ALTER TABLE much ALTER text SET STORAGE external");
  const text = "x".repeat(500_000);
  for (let i = 0; i < 600; i++) await database.query("INSERT INTO much VALUES ($1)", [text]); // 300 MB
  const log = readdirSync(join(directory, "data/pg_wal")).filter((name) => /^[0-9A-F]{24}$/.test(name)).length * 16;
  assert.ok(log <= 192, `${log} MB of log`);
  await database.close();
});

test.run();
