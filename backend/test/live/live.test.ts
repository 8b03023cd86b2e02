// SPDX-License-Identifier: Apache-2.0
import { test } from "uvu";
import * as assert from "uvu/assert";
import { openLive } from "../../src/live/index.ts";
import type { Database, LiveEvent } from "../../src/ports.ts";
import { openDatabase } from "../../src/store/index.ts";
import { eventually } from "../fleet/rig.ts";

let database: Database;
test.before(async () => { database = await openDatabase({ directory: undefined }); });
test.after(() => database.close());

/** Passes notifications on, and keeps them; `deliver` makes one up. */
function recording(real: Database) {
  const sent: string[] = [];
  let deliver = (_payload: string): void => {};
  const database: Database = Object.assign(Object.create(real) as Database, {
    notify: async (channel: string, payload: string) => { sent.push(payload); await real.notify(channel, payload); },
    listen: async (channel: string, received: (payload: string) => void) => { deliver = received; return real.listen(channel, received); },
  });
  return { database, sent, deliver: (payload: string) => deliver(payload) };
}

async function rig() {
  const recorder = recording(database);
  const logged: string[] = [];
  const seen: LiveEvent[] = [];
  const live = await openLive({ database: recorder.database, log: (_level, event) => void logged.push(event) });
  live.subscribe((event) => seen.push(event));
  return { ...recorder, live, logged, seen };
}
const stored = (id: number, fields = {}): LiveEvent => ({ kind: "event", network: "home", id, event: { id, network: "home", at: "", received: "", level: "info", event: "x", fields } });

test("equal events of a moment are one, different ones share a notification, each below PostgreSQL's limit", async () => {
  const { live, sent, seen } = await rig();
  for (let i = 0; i < 300; i++) live.emit({ kind: "gateway", network: "home", gateway: `g${i % 3}` });
  for (let id = 0; id < 200; id++) live.emit(stored(id));
  await eventually(() => seen.length === 203, "all events");
  assert.ok(sent.length < 10, `${sent.length} notifications`);
  assert.ok(sent.every((payload) => Buffer.byteLength(payload) < 8000));
  await live.close();
});

test("an event too long for a notification comes without its fields, text of several bytes counted", async () => {
  const { live, seen } = await rig();
  live.emit(stored(1, { text: "ä".repeat(5000) }));
  live.emit(stored(2, { text: "short" }));
  await eventually(() => seen.length === 2, "both");
  assert.equal(seen.map((event) => event.kind === "event" && event.event.fields), [{ truncated: true }, { text: "short" }]);
  await live.close();
});

test("what waits is bounded, and what is dropped is told", async () => {
  const { live, seen, logged } = await rig();
  for (let id = 0; id < 3000; id++) live.emit(stored(id));
  await eventually(() => seen.length === 2000, "the first 2,000");
  assert.equal(logged, ["live.dropped"]);
  await live.close();
});

test("missed notifications are told, a receiver that throws disturbs nobody, close sends what waits", async () => {
  const { live, seen, logged, deliver } = await rig();
  let missed = 0;
  live.onMissed(() => missed++);
  deliver("");
  assert.is(missed, 1);
  live.subscribe(() => { throw new Error("oops"); });
  const after: LiveEvent[] = [];
  live.subscribe((event) => after.push(event));
  live.emit({ kind: "audit", id: 1 });
  await live.close();
  assert.equal([seen.length, after.length, logged], [1, 1, ["live.receiver"]]);
  live.emit({ kind: "audit", id: 2 });
});

test.run();
