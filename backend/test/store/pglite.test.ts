// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { openDatabase } from "../../src/store/index.ts";
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

test.run();
