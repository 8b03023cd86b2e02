// SPDX-License-Identifier: Apache-2.0
import { test } from "uvu";
import * as assert from "uvu/assert";
import { goodPolicy } from "./good-policy.ts";
import { openBench, type Bench } from "./bench.ts";

const POLICY = "/api/v1/networks/home/policy";
let bench: Bench;
let token: string;
test.before.each(async () => {
  bench = await openBench();
  token = await bench.token("operator", { title: "script" });
});
test.after.each(() => bench.close());

const push = (comment: string, more: object = {}, headers: Record<string, string> = {}) => bench.ask(POLICY, { method: "PUT", token, headers, body: { text: goodPolicy("home", comment), reason: comment, ...more } });

test("a push answers with the version, whose number is the ETag", async () => {
  const { status, json, headers } = await push("first");
  assert.is(status, 200);
  assert.equal([json.version, json.author, json.reason, json.policy.network, headers.etag], [1, "script", "first", "home", '"1"']);
  const shown = await bench.ask(POLICY, { token });
  assert.equal([shown.json.text, shown.headers.etag], [goodPolicy("home", "first"), '"1"']);
  assert.is((await bench.ask(POLICY, { token, headers: { "if-none-match": '"1"' } })).status, 304);
});

test("the text alone, as YAML, in both directions", async () => {
  const sent = await bench.ask(`${POLICY}?reason=by%20curl&expected=0`, { method: "PUT", token, type: "application/yaml", raw: goodPolicy("home") });
  assert.equal([sent.status, sent.json.reason], [200, "by curl"]);
  const { text, headers } = await bench.ask(POLICY, { token, headers: { accept: "application/yaml" } });
  assert.is(text, goodPolicy("home"));
  assert.match(String(headers["content-type"]), "application/yaml");
  const silent = await bench.ask(POLICY, { method: "PUT", token, type: "application/yaml", raw: goodPolicy("home") });
  assert.equal([silent.status, silent.json.error.field], [400, "query.reason"]);
});

test("two who started from the same version: the second is told, by expected or If-Match", async () => {
  await push("first");
  assert.is((await push("anna's", { expected: 1 })).status, 200);
  for (const { status, json } of [await push("bert's", { expected: 1 }), await push("bert's", {}, { "if-match": '"1"' })]) {
    assert.equal([status, json.error.code, json.error.details.version], [409, "conflict", 2]);
  }
  assert.is((await push("bert's", {}, { "if-match": "1" })).status, 400);
  assert.is((await push("bert's", {}, { "if-match": '"2"' })).json.version, 3);
});

test("an invalid policy: 422 with the problems' places; nothing changes", async () => {
  await push("first");
  const { status, json } = await bench.ask(POLICY, { method: "PUT", token, body: { text: "network: home\nrules:\n  - { from: nobody-known, to: internet, allow: all }\n", reason: "r" } });
  assert.is(status, 422);
  assert.is(json.error.code, "invalid");
  assert.is(json.error.details.problems[0].line, 3);
  assert.is((await bench.ask(POLICY, { token })).json.version, 1);
});

test("a dry run says the same and changes nothing; a viewer may ask", async () => {
  const viewer = await bench.token("viewer");
  const { status, json } = await bench.ask(`${POLICY}/dry-run`, { method: "POST", token: viewer, body: { text: "network: home\nrules: [ 5 ]\n" } });
  assert.equal([status, json.valid, json.problems[0].line], [200, false, 2]);
  assert.is((await bench.ask(POLICY, { token })).status, 404);
});

test("the history is read page by page", async () => {
  for (let n = 1; n <= 5; n++) await push(`number ${n}`);
  const seen: number[] = [];
  for (let path: string | undefined = `${POLICY}/history?limit=2`; path; ) {
    const { json }: { json: any } = await bench.ask(path, { token });
    seen.push(...json.items.map((row: { version: number }) => row.version));
    assert.not.ok("text" in json.items[0], "no texts in the list");
    path = json.next === undefined ? undefined : `${POLICY}/history?limit=2&before=${json.next}`;
  }
  assert.equal(seen, [5, 4, 3, 2, 1]);
  assert.is((await bench.ask(`${POLICY}/history/2`, { token })).json.reason, "number 2");
  assert.is((await bench.ask(`${POLICY}/history/9`, { token })).status, 404);
});

test("a rollback is a new version with the old text", async () => {
  await push("first");
  await push("second");
  const { json } = await bench.ask(`${POLICY}/rollback`, { method: "POST", token, body: { version: 1, reason: "printer" } });
  assert.equal([json.version, json.rolledBackFrom, json.text], [3, 1, goodPolicy("home", "first")]);
});

test("metrics count pushes, and measure them to the report", async () => {
  await push("first");
  await push("x", { expected: 7 });
  bench.fleet.rows.push({
    id: "attic", network: "home", title: "", created: "2026-11-23T08:00:00.000Z", state: "enrolled", presence: "online",
    reported: { desired: { sequence: 1, digest: "", version: 1 } } as never, reportedAt: new Date(Date.now() + 2000).toISOString(),
  });
  bench.emit({ kind: "gateway", network: "home", gateway: "attic" });
  await new Promise((resolve) => setTimeout(resolve, 800));
  const { text } = await bench.ask("/metrics");
  for (const line of ['securebox_policy_pushes_total{outcome="done"} 1', 'securebox_policy_pushes_total{outcome="refused"} 1', "securebox_policy_reported_seconds_count 1", 'securebox_gateways{state="online"} 1', "securebox_broker_refused 4"])
    assert.ok(text.includes(`${line}\n`), line);
});

test("events over several networks come in one order, page by page", async () => {
  const limited = await bench.token("viewer", { networks: ["home", "shop"] });
  for (let id = 1; id <= 7; id++) bench.fleet.happened.push({ id, network: ["home", "shop", "hidden"][id % 3]!, at: "2026-11-23T08:00:00.000Z", received: "2026-11-23T08:00:00.000Z", level: "info", event: "e", fields: { id } });
  const first = (await bench.ask("/api/v1/events?limit=3", { token: limited })).json;
  assert.equal([first.items.map((row: { id: number }) => row.id), first.next], [[7, 6, 4], 4]);
  const second = (await bench.ask(`/api/v1/events?limit=3&before=${first.next}`, { token: limited })).json;
  assert.equal([second.items.map((row: { id: number }) => row.id), second.next], [[3, 1], undefined]);
});

test.run();
