// SPDX-License-Identifier: Apache-2.0
// Attempts from outside: each refused, logged and in the audit log.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { goodPolicy } from "./good-policy.ts";
import { openBench, type Bench } from "./bench.ts";

let bench: Bench;
test.before.each(async () => { bench = await openBench(); });
test.after.each(() => bench.close());

const refusals = (): { action: string; detail: { status: number } }[] => bench.fleet.written.filter((row) => row.outcome === "refused") as never;
const logged = (): number => bench.log.filter((line) => line.event === "api-refused").length;
const DAY = 86_400_000;

test("a forged token", async () => {
  const { status, json } = await bench.ask("/api/v1/networks", { token: `sbt_${"A".repeat(43)}` });
  assert.is(status, 401);
  assert.equal(json, { error: { code: "unauthorised", message: "there is no such API token" } });
  assert.is(refusals().length, 1);
  assert.is(logged(), 1);
});

test("a token with one character changed, in another case, cut, or in another scheme", async () => {
  const token = await bench.token("viewer");
  const last = token.at(-1) === "A" ? "B" : "A";
  for (const authorization of [`Bearer ${token.slice(0, -1)}${last}`, `Bearer ${token.toUpperCase()}`, `Bearer ${token.slice(0, -2)}`, `Basic ${token}`, `Bearer ${token} ${token}`, "Bearer ' OR 1=1 --"]) {
    const { status } = await bench.ask("/api/v1/networks", { headers: { authorization } });
    assert.is(status, 401, authorization);
  }
  assert.is((await bench.ask("/api/v1/networks", { token })).status, 200);
  assert.is(refusals().length, 6);
});

test("an expired token", async () => {
  const token = await bench.token("viewer", { expires: new Date(bench.clock.now + DAY) });
  assert.is((await bench.ask("/api/v1/networks", { token })).status, 200);
  bench.clock.now += DAY;
  const { status, json } = await bench.ask("/api/v1/networks", { token });
  assert.is(status, 401);
  assert.match(json.error.message, "is expired");
  assert.is(refusals().length, 1);
});

test("a revoked token", async () => {
  const admin = await bench.token("administrator");
  const made = (await bench.ask("/api/v1/tokens", { method: "POST", token: admin, body: { title: "script", role: "viewer" } })).json;
  assert.is((await bench.ask("/api/v1/me", { token: made.token })).json.role, "viewer");
  assert.is((await bench.ask(`/api/v1/tokens/${made.id}`, { method: "DELETE", token: admin })).status, 204);
  const { status, json } = await bench.ask("/api/v1/me", { token: made.token });
  assert.is(status, 401);
  assert.match(json.error.message, "is revoked");
  assert.is(refusals().length, 1);
});

test("a viewer's token on every write", async () => {
  const token = await bench.token("viewer");
  const { paths } = (await bench.ask("/openapi.json")).json as { paths: Record<string, Record<string, { description: string }>> };
  const writes = Object.entries(paths).flatMap(([path, methods]) => Object.entries(methods).filter(([, { description }]) => /Needs the role (operator|administrator)/.test(description)).map(([method]) => [method, path] as const));
  assert.ok(writes.length >= 18, `${writes.length} writes`);
  for (const [method, path] of writes) {
    const { status, json } = await bench.ask(path.replace("{network}", "home").replace(/\{\w+\}/g, "1"), { method: method.toUpperCase(), token, body: method === "get" ? undefined : {} });
    assert.is(status, 403, `${method} ${path}: ${status}`);
    assert.match(json.error.message, "you are viewer");
  }
  assert.is(refusals().filter(({ detail }) => detail.status === 403).length, Math.min(writes.length, 30));
  assert.is(bench.fleet.versions.length, 0);
});

test("a token for another network", async () => {
  const token = await bench.token("operator", { networks: ["shop"] });
  for (const [method, path] of [["GET", ""], ["GET", "/devices"], ["GET", "/policy"], ["PUT", "/policy"], ["GET", "/gateways"], ["POST", "/enrolment-tokens"], ["GET", "/verdicts"]]) {
    const { status } = await bench.ask(`/api/v1/networks/home${path}`, { method, token, body: method === "GET" ? undefined : {} });
    assert.is(status, 403, `${method} ${path}`);
  }
  for (const path of ["/api/v1/events?network=home", "/api/v1/live?network=home", "/api/v1/audit?network=home"]) assert.is((await bench.ask(path, { token })).status, 403, path);
  assert.equal((await bench.ask("/api/v1/networks", { token })).json.items.map((row: { name: string }) => row.name), ["shop"]);
  assert.is(refusals().length, 10);
});

test("a gateway and an enrolment request of another network", async () => {
  bench.fleet.rows.push({ id: "attic", network: "home", title: "", created: "2026-11-23T08:00:00.000Z", state: "enrolled", presence: "online" });
  bench.enrolment.open.push({ id: "r1", gateway: "attic", network: "home", created: "2026-11-23T08:00:00.000Z", keyFingerprint: "ff", sameKey: false, remote: "192.0.2.1", state: "open" });
  const token = await bench.token("operator", { networks: ["shop"] });
  assert.is((await bench.ask("/api/v1/gateways/attic", { token })).status, 403);
  assert.is((await bench.ask("/api/v1/gateways/attic/revoke", { method: "POST", token, body: { reason: "mine" } })).status, 403);
  assert.is((await bench.ask("/api/v1/gateways/attic", { method: "DELETE", token })).status, 403);
  assert.is((await bench.ask("/api/v1/enrolment-requests/r1/approve", { method: "POST", token })).status, 403);
  assert.equal((await bench.ask("/api/v1/gateways", { token })).json.items, []);
  assert.equal((await bench.ask("/api/v1/enrolment-requests", { token })).json.items, []);
  assert.is(bench.fleet.rows[0]!.state, "enrolled");
  assert.is(bench.enrolment.open[0]!.state, "open");
  const own = await bench.token("operator", { networks: ["home"] });
  assert.is((await bench.ask("/api/v1/enrolment-requests/r1/approve", { method: "POST", token: own })).status, 204);
  assert.is(bench.enrolment.open[0]!.state as string, "approved");
  assert.is((await bench.ask("/api/v1/gateways/attic", { method: "DELETE", token: own })).status, 409);
  assert.is((await bench.ask("/api/v1/gateways/attic/revoke", { method: "POST", token: own, body: { reason: "sold" } })).status, 204);
  assert.is((await bench.ask("/api/v1/gateways/attic", { method: "DELETE", token: own })).status, 204);
  assert.is((await bench.ask("/api/v1/gateways/attic", { token: own })).status, 404);
});

test("a verdict of another network is not removed through one's own", async () => {
  const [home, shop] = [await bench.token("operator", { networks: ["home"] }), await bench.token("operator", { networks: ["shop"] })];
  const body = { device: "*", remote: "*", kind: "flow", verdict: "deny", reason: "none", lifetime: 60 };
  const { json } = await bench.ask("/api/v1/networks/home/verdicts", { method: "POST", token: home, body });
  assert.is((await bench.ask(`/api/v1/networks/shop/verdicts/${json.id}`, { method: "DELETE", token: shop })).status, 404);
  assert.is(bench.fleet.given.length, 1);
  assert.is((await bench.ask(`/api/v1/networks/home/verdicts/${json.id}`, { method: "DELETE", token: home })).status, 204);
  assert.is(bench.fleet.given.length, 0);
});

test("nobody makes a token that can do more than they can", async () => {
  const cookie = await bench.user("anna", "operator", ["home"]);
  const make = (body: object, by: object = { cookie }) => bench.ask("/api/v1/tokens", { method: "POST", body: { title: "t", ...body }, ...by });
  assert.is((await make({ role: "administrator" })).status, 403);
  assert.is((await make({ role: "viewer", networks: ["home", "shop"] })).status, 403);
  const { status, json } = await make({ role: "operator" });
  assert.is(status, 201);
  assert.equal(json.networks, ["home"]);
  assert.is((await make({ role: "viewer" }, { token: json.token })).status, 403, "a token makes a token");
  assert.equal((await bench.ask("/api/v1/me", { token: json.token })).json, { name: "anna (t)", kind: "token", role: "operator", networks: ["home"] });
});

test("an administrator of some networks manages no users, and sees no token of others", async () => {
  await bench.token("viewer");
  const cookie = await bench.user("bert", "administrator", ["home"]);
  assert.is((await bench.ask("/api/v1/users", { cookie })).status, 403);
  assert.is((await bench.ask("/api/v1/networks", { method: "POST", cookie, body: { name: "new" } })).status, 403);
  assert.equal((await bench.ask("/api/v1/tokens", { cookie })).json.items, []);
  assert.is((await bench.ask("/api/v1/tokens/1", { method: "DELETE", cookie })).status, 404);
});

test("a token does no more once its owner may do less, and ends with its owner", async () => {
  const cookie = await bench.user("carl", "operator");
  const { token } = (await bench.ask("/api/v1/tokens", { method: "POST", cookie, body: { title: "t", role: "operator" } })).json;
  await bench.database.query("UPDATE api_users SET role = 'viewer' WHERE name = 'carl'");
  assert.is((await bench.ask("/api/v1/me", { token })).json.role, "viewer");
  const admin = await bench.token("administrator");
  assert.is((await bench.ask("/api/v1/users/carl", { method: "DELETE", token: admin })).status, 204);
  assert.is((await bench.ask("/api/v1/me", { token })).status, 401);
  assert.is((await bench.ask("/api/v1/me", { cookie })).status, 401);
});

test("secrets are not in the database", async () => {
  const cookie = await bench.user("anna", "viewer");
  const { token } = (await bench.ask("/api/v1/tokens", { method: "POST", cookie, body: { title: "t", role: "viewer" } })).json;
  const all = JSON.stringify(await Promise.all(["api_users", "api_tokens", "api_sessions"].map((table) => bench.database.query(`SELECT * FROM ${table}`))));
  for (const secret of [token, token.slice(4), cookie.split("=")[1]!, "password of anna", bench.adminPassword]) assert.not.ok(all.includes(secret), secret);
});

test("refusals beyond 30 a minute of one address are counted, not written", async () => {
  for (let n = 0; n < 40; n++) await bench.ask("/api/v1/networks", { token: "sbt_forged" });
  assert.is(refusals().length, 30);
  assert.match((await bench.ask("/metrics")).text, 'securebox_refusals_total{status="401"} 40');
});

test("metrics need a token, except on the loopback address by a loopback name", async () => {
  assert.is((await bench.ask("/metrics")).status, 200);
  assert.is((await bench.ask("/metrics", { headers: { host: "rebound.example" } })).status, 401);
  assert.is((await bench.ask("/metrics", { headers: { "x-forwarded-for": "198.51.100.7" } })).status, 401);
  assert.is((await bench.ask("/metrics", { headers: { host: "rebound.example" }, token: await bench.token("viewer") })).status, 200);
});

test("the operator whose attempt it is can push", async () => {
  const { status, json } = await bench.ask("/api/v1/networks/home/policy", { method: "PUT", token: await bench.token("operator", { networks: ["home"] }), body: { text: goodPolicy("home"), reason: "first" } });
  assert.is(status, 200, JSON.stringify(json));
});

test.run();
