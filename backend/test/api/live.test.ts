// SPDX-License-Identifier: Apache-2.0
// Server-sent events: who hears what, coming back, and readers that do not read.
import { get, type IncomingMessage } from "node:http";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { LiveHub } from "../../src/api/live-hub.ts";
import type { LiveEvent } from "../../src/ports.ts";
import { openBench, type Bench } from "./bench.ts";

let bench: Bench;
test.before.each(async () => { bench = await openBench(); });
test.after.each(() => bench.close());

interface Stream { response: IncomingMessage; text: string; ended: boolean; until(part: string): Promise<void>; close(): void }

function follow(token: string, query = "", headers: Record<string, string> = {}): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const request = get(`${bench.url}/api/v1/live${query}`, { headers: { authorization: `Bearer ${token}`, ...headers } }, (response) => {
      const stream: Stream = { response, text: "", ended: false, until: (part) => waitUntil(() => stream.text.includes(part), part), close: () => request.destroy() };
      response.on("data", (chunk) => { stream.text += chunk; }).on("close", () => { stream.ended = true; }).on("error", () => undefined);
      resolve(stream);
    });
    request.on("error", reject);
  });
}

async function waitUntil(test: () => boolean, what: string): Promise<void> {
  for (const until = Date.now() + 5000; !test(); await new Promise((resolve) => setTimeout(resolve, 10))) if (Date.now() > until) throw new Error(`not within 5 s: ${what}`);
}

const policy = (network: string, version: number): LiveEvent => ({ kind: "policy", network, version });

test("what changes comes as an event with an id", async () => {
  const stream = await follow(await bench.token("viewer"));
  assert.match(String(stream.response.headers["content-type"]), "text/event-stream");
  assert.match(String(stream.response.headers["content-security-policy"]), "default-src 'none'");
  await stream.until("event: ready");
  bench.emit(policy("home", 7));
  await stream.until('data: {"kind":"policy","network":"home","version":7}\n\n');
  assert.match(stream.text, /id: [0-9a-f]{8}-1\nevent: policy\n/);
  stream.close();
});

test("networks of others stay unheard; audit is for operators of all networks", async () => {
  const streams = await Promise.all([
    follow(await bench.token("viewer", { networks: ["home"] })), follow(await bench.token("operator", { networks: ["home"] })), follow(await bench.token("operator")), follow(await bench.token("operator"), "?network=home"),
  ]);
  bench.emit(policy("shop", 1));
  bench.emit({ kind: "event", network: "shop", id: 1, event: { id: 1, network: "shop", at: "", received: "", level: "info", event: "e", fields: {} } });
  bench.emit({ kind: "audit" });
  bench.emit(policy("home", 2));
  await Promise.all(streams.map((stream) => stream.until('"home"')));
  assert.equal(streams.map(({ text }) => [/shop/.test(text), /event: audit/.test(text)]), [[false, false], [false, false], [true, true], [false, true]]);
  streams.forEach((stream) => stream.close());
});

test("who comes back hears what was missed, once", async () => {
  const token = await bench.token("viewer");
  const first = await follow(token);
  bench.emit(policy("home", 1));
  await first.until('"version":1');
  first.close();
  bench.emit(policy("home", 2));
  const last = /id: (\S+)\nevent: policy/.exec(first.text)![1]!;
  const second = await follow(token, "", { "last-event-id": last });
  await second.until('"version":2');
  assert.not.match(second.text, '"version":1');
  assert.not.match(second.text, "resynchronise");
  second.close();
});

test("who was away too long, or was with another process, is told to fetch everything", async () => {
  const token = await bench.token("viewer");
  const run = /id: (\w+)-0/.exec(await follow(token).then(async (stream) => { await stream.until("ready"); stream.close(); return stream.text; }))![1]!;
  for (let n = 0; n < 600; n++) bench.emit(policy("home", n));
  for (const last of [`${run}-5`, "00000000-5", `${run}-99999`, "nonsense", `${run}-`]) {
    const stream = await follow(token, "", { "last-event-id": last });
    await stream.until("event: resynchronise");
    stream.close();
  }
});

test("a reader that does not read is disconnected; others hear on", async () => {
  const token = await bench.token("viewer");
  const [slow, quick] = [await follow(token), await follow(token)];
  slow.response.pause();
  const big: LiveEvent = { kind: "event", network: "home", id: 1, event: { id: 1, network: "home", at: "", received: "", level: "info", event: "e", fields: { text: "x".repeat(60_000) } } };
  let sent = 0;
  while ((await bench.ask("/metrics")).text.includes("securebox_live_readers 2")) {
    for (let n = 0; n < 5; n++, sent++) bench.emit(big);
    await quick.until("");
    assert.ok(sent < 500, `${sent} events of 60 kB wait for one reader`);
  }
  bench.emit(policy("home", 77));
  await quick.until('"version":77');
  assert.match((await bench.ask("/metrics")).text, "securebox_live_readers 1");
  slow.close();
  quick.close();
});

test("one caller holds at most 20 streams", async () => {
  const token = await bench.token("viewer");
  const streams = await Promise.all(Array.from({ length: 20 }, () => follow(token)));
  const refused = await follow(token);
  assert.is(refused.response.statusCode, 429);
  assert.is(refused.response.headers["retry-after"], "10");
  streams.forEach((stream) => stream.close());
});

test("the heartbeat ends the stream of a token that was revoked", async () => {
  let receive: (event: LiveEvent) => void = () => undefined;
  let valid = true;
  const hub = new LiveHub({ emit: () => undefined, subscribe: (given) => ((receive = given), () => undefined) }, async () => valid, 20);
  const written: string[] = [];
  const raw = { writableLength: 0, writeHead: () => undefined, on: () => undefined, write: (text: string) => written.push(text), end: () => written.push("END"), destroy: () => undefined };
  await hub.serve({ headers: {} } as never, { hijack: () => undefined, getHeaders: () => ({}), raw } as never, { actor: { name: "a", kind: "token", role: "viewer" }, by: "token", credential: "1" }, undefined);
  await waitUntil(() => written.includes(":\n\n"), "heartbeat");
  assert.is(hub.readers, 1);
  valid = false;
  await waitUntil(() => written.includes("END"), "end");
  receive(policy("home", 1));
  assert.not.match(written.join(""), "policy");
  hub.close();
});

test("closing the backend ends the streams", async () => {
  const stream = await follow(await bench.token("viewer"));
  const start = Date.now();
  await bench.api.close();
  await waitUntil(() => stream.ended, "end");
  assert.ok(Date.now() - start < 2000, `${Date.now() - start} ms`);
  bench = await openBench();
});

test.run();
