// SPDX-License-Identifier: Apache-2.0
// Malformed, oversized and tricky requests.
import { connect } from "node:net";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { DatabaseError } from "../../src/store/index.ts";
import { goodPolicy } from "./good-policy.ts";
import { openBench, type Bench } from "./bench.ts";

let bench: Bench;
let token: string;
test.before(async () => {
  bench = await openBench();
  token = await bench.token("administrator");
});
test.after(() => bench.close());

const POLICY = "/api/v1/networks/home/policy";
const push = (raw: string | Buffer, type = "application/json") => bench.ask(POLICY, { method: "PUT", token, raw, type });

test("an oversized body: 413, written down, whatever its type", async () => {
  const before = bench.fleet.written.length;
  for (const [raw, type] of [[JSON.stringify({ text: "x".repeat(1_600_000), reason: "big" }), "application/json"], ["x".repeat(1_600_000), "application/yaml"], [Buffer.alloc(5_000_000, 32), "application/json"]] as const) {
    const { status, json } = await push(raw, type);
    assert.is(status, 413);
    assert.is(json.error.code, "too-large");
  }
  const written = bench.fleet.written.slice(before);
  assert.equal(written.map((row) => [row.outcome, row.detail.status]), Array(3).fill(["refused", 413]));
});

test("an oversized body without a length is cut off as well", async () => {
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(new URL(bench.url).port), "127.0.0.1");
    let text = "";
    socket.setTimeout(10_000, () => socket.destroy(new Error("no answer")));
    socket.on("data", (data) => { text += data; if (text.includes("\r\n\r\n")) resolve(text); }).on("error", (error) => (text ? resolve(text) : reject(error)));
    socket.write(`PUT ${POLICY} HTTP/1.1\r\nHost: ${new URL(bench.url).host}\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/yaml\r\nTransfer-Encoding: chunked\r\n\r\n`);
    const chunk = `10000\r\n${"y".repeat(65_536)}\r\n`;
    for (let n = 0; n < 30; n++) socket.write(chunk);
  });
  assert.match(answer, /^HTTP\/1.1 413 /);
});

test("a deeply nested body", async () => {
  for (const raw of [`${"[".repeat(100_000)}${"]".repeat(100_000)}`, `${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}`, "[".repeat(700_000)]) {
    const { status, json } = await push(raw);
    assert.is(status, 400);
    assert.match(json.error.message, "nested deeper than 32");
  }
});

test("brackets within strings are no depth", async () => {
  const { status } = await bench.ask(`${POLICY}/dry-run`, { method: "POST", token, body: { text: `${goodPolicy("home")}# ${"[".repeat(100)} \\" ${"{".repeat(100)}` } });
  assert.is(status, 200);
});

test("broken JSON, no body, another type, prototype tricks", async () => {
  for (const raw of ["{", "", "null", "[]", '"text"', "{'text': 1}", '{"text": 5, "reason": "x"}', '{"__proto__": {"role": "administrator"}, "text": "a", "reason": "b"}', '{"constructor": {"prototype": {}}, "text": "a", "reason": "b"}']) {
    const { status, json } = await push(raw);
    assert.is(status, 400, `${raw}: ${status}`);
    assert.is(json.error.code, "bad-request");
  }
});

test("unknown fields are refused by name, in body and query", async () => {
  const inBody = await bench.ask(POLICY, { method: "PUT", token, body: { text: goodPolicy("home"), reason: "r", colour: "red" } });
  assert.equal([inBody.status, inBody.json.error.field, inBody.json.error.message], [400, "body.colour", "body.colour is not a known field"]);
  const inQuery = await bench.ask("/api/v1/events?colour=red", { token });
  assert.equal([inQuery.status, inQuery.json.error.field], [400, "query.colour"]);
  const nested = await bench.ask("/api/v1/networks/home", { method: "PATCH", token, body: { settings: { events: "loud" } } });
  assert.equal([nested.status, nested.json.error.field], [400, "body.settings.events"]);
  assert.match(nested.json.error.message, "debug, info, warn, error");
});

test("missing and wrongly typed fields are named", async () => {
  assert.is((await bench.ask(POLICY, { method: "PUT", token, body: { text: "x" } })).json.error.field, "body.reason");
  assert.is((await bench.ask(POLICY, { method: "PUT", token, body: { text: "x", reason: "r", expected: "3" } })).json.error.field, "body.expected");
  assert.is((await bench.ask("/api/v1/events?limit=0", { token })).json.error.field, "query.limit");
  assert.is((await bench.ask("/api/v1/events?limit=many", { token })).json.error.field, "query.limit");
  assert.is((await bench.ask("/api/v1/events?limit=5", { token })).status, 200);
});

test("NUL characters, which the database cannot hold", async () => {
  for (const [method, path, body] of [
    ["POST", "/api/v1/session", { name: "ad\0min", password: "x" }], ["PUT", POLICY, { text: goodPolicy("home"), reason: "\0" }], ["PATCH", "/api/v1/networks/home", { title: "a\0" }], ["POST", "/api/v1/tokens", { title: "\0", role: "viewer" }],
  ] as const) assert.is((await bench.ask(path, { method, token, body })).status, 400, path);
});

test("tricks with paths lead nowhere", async () => {
  for (const path of ["/../package.json", "/api/v1/networks/../users", "/api/v1/networks/%2e%2e%2fusers", "/api/v1/networks/home%2fpolicy", "/api/v1/networks/home%00", "/api/v1/networks/HOME", "/api/v1/networks/a".padEnd(2000, "a"), "//etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/api/v1/networks/%", "/api/v1/gateways/..%5c..", "/api/v1/gateways/__proto__"]) {
    const { status, text } = await bench.ask(path, { token });
    assert.ok(status === 400 || status === 404 || status === 414, `${path}: ${status}`);
    assert.not.match(text, "root:");
  }
});

test("a network named like a part of the path is only a name", async () => {
  assert.is((await bench.ask("/api/v1/networks", { method: "POST", token, body: { name: "policy" } })).status, 201);
  assert.is((await bench.ask("/api/v1/networks/policy", { token })).json.name, "policy");
  for (const name of ["", "a b", "-a", "a-", "../x", "A", "a".repeat(64), "__proto__"]) assert.is((await bench.ask("/api/v1/networks", { method: "POST", token, body: { name } })).status, 400, name);
});

test("only what the schema names leaves the process", async () => {
  Object.assign(bench.fleet.known.get("home")!, { secret: "s3cret" });
  assert.not.match((await bench.ask("/api/v1/networks/home", { token })).text, "s3cret");
  assert.equal(Object.keys((await bench.ask("/api/v1/me", { token })).json), ["name", "kind", "role"]);
});

test("our own failure tells nothing but where to look", async () => {
  const { devices } = bench.fleet;
  bench.fleet.devices = async () => { throw new Error("password=hunter2 at 10.0.0.1"); };
  const { status, json, text } = await bench.ask("/api/v1/networks/home/devices", { token });
  bench.fleet.devices = devices;
  assert.is(status, 500);
  assert.not.match(text, "hunter2");
  const line = bench.log.find(({ event }) => event === "api-failed")!;
  assert.match(line.fields.message, "hunter2");
  assert.match(json.error.message, line.fields.request);
});

test("a database that is away for a moment: 503, try again", async () => {
  const { devices } = bench.fleet;
  bench.fleet.devices = async () => { throw new DatabaseError("database: query: Connection terminated by 10.0.0.1", "08006", true); };
  const { status, json, headers, text } = await bench.ask("/api/v1/networks/home/devices", { token });
  bench.fleet.devices = devices;
  assert.equal([status, json.error.code, headers["retry-after"]], [503, "unavailable", "2"]);
  assert.not.match(text, "10.0.0.1");
});

test("every answer carries the headers that browsers need to be safe", async () => {
  for (const path of ["/api/v1/networks", "/nothing", "/health/live"]) {
    const { headers } = await bench.ask(path);
    assert.match(String(headers["content-security-policy"]), /^default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';.*frame-ancestors 'none'$/);
    assert.not.match(String(headers["content-security-policy"]), /unsafe|data:/);
    assert.is(headers["x-content-type-options"], "nosniff");
    assert.is(headers["access-control-allow-origin"], undefined);
  }
  assert.is((await bench.ask("/api/v1/me", { token })).headers["cache-control"], "no-store");
});

test("strangers' enrolments are rationed", async () => {
  const enrol = () => bench.ask("/api/v1/enrol", { method: "POST", body: { secret: "guess", csr: "-----BEGIN" } });
  for (let n = 0; n < 30; n++) assert.is((await enrol()).status, 403);
  assert.is((await enrol()).status, 429);
  const ask = () => bench.ask("/api/v1/enrol/requests", { method: "POST", body: { gateway: "attic", csr: "-----BEGIN" } });
  for (let n = 0; n < 30; n++) assert.is((await ask()).status, 202);
  assert.is((await ask()).status, 429);
});

test("not ready while it starts, or the broker is away", async () => {
  assert.equal((await bench.ask("/health/ready")).json, { ok: true, version: "0.1.0" });
  bench.broker.connected = false;
  const { status, json } = await bench.ask("/health/ready");
  bench.broker.connected = true;
  assert.equal([status, json.error], [503, { code: "unavailable", message: "broker: not connected", details: ["broker: not connected"] }]);
  bench.own.problem = "it is starting";
  assert.is((await bench.ask("/health/ready")).json.error.message, "it is starting");
  assert.is((await bench.ask("/health/live")).status, 200);
  bench.own.problem = undefined;
  assert.is((await bench.ask("/health/ready")).status, 200);
});

test.run();
