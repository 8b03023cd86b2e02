// SPDX-License-Identifier: Apache-2.0
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ensureAdministrator } from "../../src/api/index.ts";
import { SESSION_IDLE, SESSION_LIFE } from "../../src/api/accounts/sessions.ts";
import { cookieOf, openBench, type Bench } from "./bench.ts";

let bench: Bench;
test.before.each(async () => { bench = await openBench(); });
test.after.each(() => bench.close());

const signIn = (name: string, password: string, more: object = {}) => bench.ask("/api/v1/session", { method: "POST", body: { name, password }, ...more });
const HOUR = 3_600_000;

test("the first administrator is made once, with a password of 20 characters", async () => {
  assert.match(bench.adminPassword, /^[a-zA-Z2-9]{20}$/);
  assert.is(await ensureAdministrator(bench.database), undefined);
  const { status, json, headers } = await signIn("admin", bench.adminPassword);
  assert.is(status, 200);
  assert.equal(json, { name: "admin", kind: "user", role: "administrator" });
  assert.match(String(headers["set-cookie"]), /^securebox_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Expires=/);
  assert.equal((await bench.ask("/api/v1/me", { cookie: cookieOf({ headers } as never) })).json, json);
});

test("a cookie planted before sign-in is worth nothing after it", async () => {
  const planted = `securebox_session=${"P".repeat(43)}`;
  const answer = await signIn("admin", bench.adminPassword, { cookie: planted });
  assert.is.not(cookieOf(answer), planted);
  assert.is((await bench.ask("/api/v1/me", { cookie: planted })).status, 401);
});

test("a session ends at sign-out, for that cookie too", async () => {
  const cookie = await bench.login("admin", bench.adminPassword);
  const out = await bench.ask("/api/v1/session", { method: "DELETE", cookie });
  assert.is(out.status, 204);
  assert.match(String(out.headers["set-cookie"]), "Max-Age=0");
  assert.is((await bench.ask("/api/v1/me", { cookie })).status, 401);
});

test("a session ends after 8 hours without a request", async () => {
  const cookie = await bench.login("admin", bench.adminPassword);
  for (let n = 0; n < 3; n++) {
    bench.clock.now += SESSION_IDLE - HOUR;
    assert.is((await bench.ask("/api/v1/me", { cookie })).status, 200);
  }
  bench.clock.now += SESSION_IDLE;
  assert.is((await bench.ask("/api/v1/me", { cookie })).status, 401);
});

test("a session ends after 7 days, used or not", async () => {
  const cookie = await bench.login("admin", bench.adminPassword);
  const start = bench.clock.now;
  while (bench.clock.now + 6 * HOUR < start + SESSION_LIFE) {
    bench.clock.now += 6 * HOUR;
    assert.is((await bench.ask("/api/v1/me", { cookie })).status, 200);
  }
  bench.clock.now = start + SESSION_LIFE;
  assert.is((await bench.ask("/api/v1/me", { cookie })).status, 401);
});

test("changing one's password needs the present one and ends the other sessions", async () => {
  const [mine, other] = [await bench.login("admin", bench.adminPassword), await bench.login("admin", bench.adminPassword)];
  const change = (current: string, cookie = mine) => bench.ask("/api/v1/me/password", { method: "PUT", cookie, body: { current, password: "a new and long one" } });
  assert.is((await change("wrong")).status, 403);
  assert.is((await bench.ask("/api/v1/me/password", { method: "PUT", token: await bench.token("administrator"), body: { current: bench.adminPassword, password: "a new and long one" } })).status, 403);
  assert.is((await change(bench.adminPassword)).status, 204);
  assert.is((await bench.ask("/api/v1/me", { cookie: mine })).status, 200);
  assert.is((await bench.ask("/api/v1/me", { cookie: other })).status, 401);
  assert.is((await signIn("admin", bench.adminPassword)).status, 401);
  assert.is((await signIn("admin", "a new and long one")).status, 200);
});

test("a change by a session from another site is refused", async () => {
  const cookie = await bench.login("admin", bench.adminPassword);
  const add = (more: object) => bench.ask("/api/v1/networks", { method: "POST", cookie, body: { name: "evil" }, ...more });
  for (const origin of ["https://evil.example", "null", bench.url.replace("http:", "ftp:").replace("127.0.0.1", "localhost"), "http://127.0.0.1:1"]) assert.is((await add({ origin })).status, 403, origin);
  assert.is((await bench.ask("/api/v1/networks", { method: "POST", body: { name: "evil" }, headers: { cookie } })).status, 403, "without Origin");
  assert.is((await add({ headers: { "sec-fetch-site": "cross-site" } })).status, 403);
  assert.is((await add({ headers: { "sec-fetch-site": "same-site" } })).status, 403);
  assert.not.ok(bench.fleet.known.has("evil"));
  assert.is((await add({ headers: { "sec-fetch-site": "same-origin" } })).status, 201);
});

test("a form cannot send what the API reads", async () => {
  const cookie = await bench.login("admin", bench.adminPassword);
  for (const type of ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"]) {
    const { status } = await bench.ask("/api/v1/networks", { method: "POST", cookie, type, raw: '{"name":"evil"}' });
    assert.is(status, 415, type);
  }
  assert.is((await bench.ask("/api/v1/session", { method: "POST", type: "text/plain", raw: JSON.stringify({ name: "admin", password: bench.adminPassword }) })).status, 415);
});

test("another site cannot sign a browser in", async () => {
  assert.is((await signIn("admin", bench.adminPassword, { origin: "https://evil.example" })).status, 403);
});

test("the last administrator stays", async () => {
  const cookie = await bench.login("admin", bench.adminPassword);
  assert.is((await bench.ask("/api/v1/users/admin", { method: "DELETE", cookie })).status, 409);
  await bench.user("dora", "administrator", ["home"]);
  assert.is((await bench.ask("/api/v1/users/admin", { method: "DELETE", cookie })).status, 409, "one of some networks only does not count");
  await bench.user("emil", "administrator");
  assert.is((await bench.ask("/api/v1/users/admin", { method: "DELETE", cookie })).status, 204);
});

test("users: added, listed without password, new password, twice is a conflict", async () => {
  const cookie = await bench.login("admin", bench.adminPassword);
  const add = (body: object) => bench.ask("/api/v1/users", { method: "POST", cookie, body: { name: "anna", role: "viewer", password: "long enough, is it", ...body } });
  assert.is((await add({ password: "short" })).status, 400);
  assert.is((await add({ name: "Anna!" })).status, 400);
  assert.is((await add({ role: "root" })).json.error.field, "body.role");
  assert.is((await add({})).status, 201);
  assert.is((await add({})).status, 409);
  const { json } = await bench.ask("/api/v1/users", { cookie });
  assert.equal(json.items.map((user: object) => Object.keys(user).join()), ["name,role,created", "name,role,created"]);
  const anna = await bench.login("anna", "long enough, is it");
  assert.is((await bench.ask("/api/v1/users/anna/password", { method: "PUT", cookie, body: { password: "another long one" } })).status, 204);
  assert.is((await bench.ask("/api/v1/me", { cookie: anna })).status, 401);
  assert.is((await bench.ask("/api/v1/users/zoe/password", { method: "PUT", cookie, body: { password: "another long one" } })).status, 404);
});

test.run();
