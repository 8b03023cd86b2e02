// SPDX-License-Identifier: Apache-2.0
// Guessing passwords.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { openBench, type Bench } from "./bench.ts";

let bench: Bench;
test.before.each(async () => { bench = await openBench(); });
test.after.each(() => bench.close());

const signIn = (name: string, password: string, more: object = {}) => bench.ask("/api/v1/session", { method: "POST", body: { name, password }, ...more });

test("a wrong password and an unknown name are told apart neither by word nor by time", async () => {
  const timed = async (name: string): Promise<[unknown, number]> => {
    const start = performance.now();
    const { json } = await signIn(name, "not the password");
    return [json, performance.now() - start];
  };
  await timed("admin");
  const [[known, slow], [unknown, alsoSlow]] = [await timed("admin"), await timed("nobody-here")];
  assert.equal(known, unknown);
  assert.ok(alsoSlow > slow / 3, `${alsoSlow} ms against ${slow} ms`);
});

test("brute force: 10 failures of one name, then not even the right password within 5 minutes", async () => {
  for (let n = 0; n < 10; n++) assert.is((await signIn("admin", `guess ${n}`)).status, 401);
  const { status, headers, json } = await signIn("admin", bench.adminPassword);
  assert.is(status, 429);
  assert.ok(Number(headers["retry-after"]) > 200);
  assert.is(json.error.code, "too-many");
  bench.clock.now += 5 * 60_000;
  assert.is((await signIn("admin", bench.adminPassword)).status, 200);
  assert.is(bench.fleet.written.filter((row) => row.action === "session.start" && row.outcome === "refused").length, 10);
});

test("brute force from one address keeps nobody else out", async () => {
  for (let n = 0; n < 10; n++) await signIn("admin", `guess ${n}`);
  const attempts = await bench.ask("/api/v1/session", { method: "POST", localAddress: "127.0.0.2", body: { name: "admin", password: bench.adminPassword } });
  assert.is(attempts.status, 200);
});

test("brute force over many names is stopped by the address", async () => {
  for (let n = 0; n < 30; n++) assert.is((await signIn(`user-${n}`, "guess")).status, 401);
  assert.is((await signIn("admin", bench.adminPassword)).status, 429);
});

test.run();
