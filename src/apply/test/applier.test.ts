// SPDX-License-Identifier: Apache-2.0
// One transaction after the other, starts that fail, and what is told about them.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MAX_TRIES, type Applier } from "../applier.ts";
import { ACTION_DEADLINE } from "../executor.ts";
import { decodeJournal, encodeJournal, withConfirmed } from "../journal.ts";
import { LIMITS } from "../machine.ts";
import { FAILED_STARTS, HEALTHY } from "../starts.ts";
import type { Outcome, State } from "../types.ts";
import { DEATHS, World } from "./world.ts";

const applying = suite("applying");
const UCI: State = { uci: { "wireless.a.isolate": "1" } };
const isolate = (value: string): State => ({ uci: { "wireless.a.isolate": value } });

async function started(world: World): Promise<Applier> {
  const applier = world.open();
  await world.until(applier.start());
  return applier;
}

const apply = (world: World, applier: Applier, wanted: State, id = JSON.stringify(wanted)): Promise<Outcome | undefined> => world.until(applier.apply({ id, wanted }));

/** The gateway says once a second how it is. */
function run(world: World, applier: Applier, milliseconds: number, healthy = true): void {
  for (const end = world.now + milliseconds; world.now <= end; world.now += 1000) applier.healthy(healthy);
}

async function idle(world: World, applier: Applier): Promise<void> {
  await world.until((async () => { do await Promise.resolve(); while (applier.status.phase !== "rest"); })());
}

applying("a transaction is two writes of the journal, one that changes nothing is none", async () => {
  const world = new World();
  const applier = await started(world);
  const before = world.writes;
  assert.equal(await apply(world, applier, UCI), { result: "confirmed" });
  assert.is(world.writes - before, 2);
  assert.equal(await apply(world, applier, UCI), { result: "confirmed", unchanged: true });
  assert.is(world.writes - before, 2);
  world.works = () => world.uci.now.get("wireless")?.includes('"2"') !== true;
  assert.is((await apply(world, applier, isolate("2")))?.result, "rolled back");
  assert.is(world.writes - before, 4);
});

applying("it is confirmed when what worked before has worked for 3 s", async () => {
  const world = new World();
  world.signs = { backend: true, dhcp: false };
  const applier = await started(world);
  world.works = () => world.now > 20_000 || !world.uci.now.has("wireless");
  assert.is((await apply(world, applier, UCI))?.result, "confirmed");
  assert.ok(world.now >= 20_000 + LIMITS.settle && world.now < 20_000 + LIMITS.settle + 2 * LIMITS.interval + 1000, `${world.now}`);
});

applying("it is rolled back at the deadline, and told what no longer works", async () => {
  const world = new World();
  const applier = await started(world);
  world.works = () => !world.uci.now.has("wireless");
  const outcome = await apply(world, applier, UCI);
  assert.equal(outcome, { result: "rolled back", reason: "not confirmed within 120 s: no longer seen to work: backend" });
  assert.ok(world.now >= LIMITS.deadline && world.now < LIMITS.deadline + 1000, `${world.now}`);
  assert.match(applier.problems.join(), "not applied (1 try): not confirmed within 120 s");
});

applying("a backend that was away before is not waited for", async () => {
  const world = new World();
  world.signs = { backend: false };
  const applier = await started(world);
  assert.is((await apply(world, applier, UCI))?.result, "confirmed");
  assert.ok(world.now < 5000, `${world.now}`);
});

applying("what failed three times is refused under that id, until another came through", async () => {
  const world = new World();
  const applier = await started(world);
  world.works = () => !world.uci.now.get("wireless")?.includes('"1"');
  for (let count = 0; count < MAX_TRIES; count++) assert.is((await apply(world, applier, UCI))?.result, "rolled back");
  assert.match(JSON.stringify(await apply(world, applier, UCI)), '"refused","reason":"failed 3 times: not confirmed within');
  assert.is((await apply(world, applier, isolate("0")))?.result, "confirmed");
  assert.equal(applier.problems, []);
  assert.is((await apply(world, applier, UCI))?.result, "rolled back");
});

applying("one at a time", async () => {
  const world = new World();
  const applier = await started(world);
  const first = applier.apply({ id: "a", wanted: UCI });
  assert.equal(await applier.apply({ id: "b", wanted: isolate("2") }), { result: "refused", reason: "another change is under way" });
  assert.is((await world.until(first))?.result, "confirmed");
});

applying("nothing is applied while a start still restores", async () => {
  const world = new World();
  world.disk.set("/s/starts", "3\n");
  world.disk.set("/s/journal.json", encodeJournal({ confirmed: UCI }));
  const applier = world.open();
  const start = applier.start();
  assert.equal(await applier.apply({ id: "a", wanted: isolate("2") }), { result: "refused", reason: "another change is under way" });
  await world.until(start);
  assert.equal(world.state(UCI), UCI);
  assert.is((await apply(world, applier, isolate("2")))?.result, "confirmed");
});

applying("a part that does not exist, an empty id: refused before anything is written", async () => {
  const world = new World();
  const applier = await started(world);
  const before = world.writes;
  assert.match(JSON.stringify(await apply(world, applier, { nvram: { a: 1 } })), 'no part \\"nvram\\"');
  assert.match(JSON.stringify(await apply(world, applier, UCI, "")), "1 to 128 characters");
  assert.is(world.writes, before);
});

applying("a part that never answers is rolled back after its deadline", async () => {
  const world = new World();
  const applier = await started(world);
  const { put } = world.parts.uci;
  world.parts.uci.put = () => { world.parts.uci.put = put; return new Promise(() => {}); };
  assert.match(JSON.stringify(await apply(world, applier, UCI)), "put: no answer within 30 s");
  assert.ok(world.now >= ACTION_DEADLINE && world.now < ACTION_DEADLINE + 1000);
});

applying("a part that refuses its old values is tried again, with back-off, and tells", async () => {
  const world = new World();
  const applier = await started(world);
  world.works = () => !world.uci.now.has("wireless");
  let refusals = 0;
  world.refuses = (step) => step === "uci wireless" && world.now >= LIMITS.deadline && refusals++ < 5 ? { landed: false } : undefined;
  const outcome = world.until(applier.apply({ id: "a", wanted: UCI }));
  assert.match(JSON.stringify(await outcome), "rolled back");
  assert.ok(world.now >= LIMITS.deadline + 31_000, `${world.now}`); // 1 + 2 + 4 + 8 + 16 s
  assert.equal(world.state(UCI), { uci: { "wireless.a.isolate": null } });
});

applying("what somebody removed meanwhile is not waited for when it is undone", async () => {
  const world = new World();
  const applier = await started(world);
  const { read, put } = world.parts.uci;
  let gone = false;
  world.works = () => gone ? false : !world.uci.now.has("wireless");
  world.parts.uci.put = async (items) => { if (!gone) await put(items); gone = true; };
  world.parts.uci.read = async (keys) => gone && world.now > 1000 ? {} : read(keys);
  assert.is((await apply(world, applier, UCI))?.result, "rolled back");
  assert.is(applier.status.phase, "rest");
});

applying("abort undoes at once; after the confirmation it does nothing", async () => {
  const world = new World();
  const applier = await started(world);
  world.works = () => !world.uci.now.has("wireless");
  const outcome = applier.apply({ id: "a", wanted: UCI });
  await world.until((async () => { while (applier.status.phase !== "probing") await Promise.resolve(); })());
  applier.abort("undone by hand");
  assert.match(JSON.stringify(await world.until(outcome)), "undone by hand");
  assert.ok(world.now < 10_000);
  applier.abort("too late");
  world.works = () => true;
  assert.is((await apply(world, applier, UCI))?.result, "confirmed");
});

const saying: string[] = [];
const log = { debug() {}, info() {}, warn() {}, error: (event: string) => { saying.push(event); } };

applying("after three starts that were never healthy the confirmed state comes back, and is told", async () => {
  const world = new World();
  const first = await started(world);
  await apply(world, first, UCI);
  run(world, first, HEALTHY + 1000);
  world.uci.set("wireless", JSON.stringify({ "wireless.a.isolate": "broken by hand", "wireless.a.ssid": "mine" }));
  for (let count = 0; count < FAILED_STARTS; count++) {
    world.rebirth("everything");
    const applier = await started(world);
    run(world, applier, HEALTHY - 5000);
    assert.equal([applier.status.safe, world.state(UCI)], [undefined, isolate("broken by hand")]);
  }
  world.rebirth("everything");
  const before = world.writes;
  const safe = world.open({ log });
  await world.until(safe.start());
  assert.equal(world.state(UCI), UCI);
  assert.equal(JSON.parse(world.uci.now.get("wireless")!)["wireless.a.ssid"], "mine", "what is not ours stays");
  assert.equal(safe.status.safe, { failedStarts: 3 });
  assert.match(safe.problems.join(), "safe boot: 3 starts failed, so the last confirmed state was restored");
  assert.ok(saying.some((event) => event.startsWith("safe boot")));
  assert.equal(JSON.parse(world.disk.now.get("/s/replaced.json")!), isolate("broken by hand"));
  assert.is(world.writes - before, 1, "only what was replaced is kept");
  run(world, safe, HEALTHY + 1000);
  world.rebirth("everything");
  assert.is((await started(world)).status.safe, undefined, "healthy again: the next start is an ordinary one");
});

applying("a safe boot that dies at any step is made up for", async () => {
  const prepared = new World();
  const wanted: State = { ovsdb: { bridge: "secure" }, uci: { "wireless.a.isolate": "1", "network.lan.ports": ["eth0"] } };
  const first = await started(prepared);
  await apply(prepared, first, wanted);
  prepared.uci.set("wireless", '{"wireless.a.isolate":"0"}');
  prepared.ovsdb.set("bridge", '"standalone"');
  prepared.disk.set("/s/starts", "3\n");
  prepared.rebirth("everything");
  for (let step = 0, over = false; !over; step++) {
    for (const death of DEATHS) {
      const world = prepared.copy();
      world.dieAt = step;
      over = (await world.until(world.open().start().then(() => true))) === true;
      world.rebirth(death);
      const applier = await started(world);
      assert.ok(applier.status.safe, `${death} at ${step}`);
      assert.equal(world.state(wanted), wanted, `${death} at ${step}`);
    }
    if (over) assert.ok(step > 15, `${step} steps`);
  }
});

applying("writes of a start: one, and one when healthy; in a loop of crashes three, then none", async () => {
  const world = new World();
  const applier = await started(world);
  assert.is(world.writes, 1);
  run(world, applier, HEALTHY - 2000);
  run(world, applier, 0, false); // unhealthy once: it counts from the beginning
  run(world, applier, HEALTHY - 2000);
  assert.is(world.writes, 1);
  run(world, applier, 10 * HEALTHY);
  assert.is(world.writes, 2);
  world.writes = 0;
  for (let count = 0; count < 10; count++) {
    world.rebirth("kill");
    await started(world);
  }
  assert.is(world.writes, 3);
});

applying("an orderly stop is no failed start", async () => {
  const world = new World();
  for (let count = 0; count < 10; count++) {
    world.rebirth("kill");
    const applier = await started(world);
    assert.is(applier.status.safe, undefined);
    applier.stop();
  }
});

applying("what somebody changed by hand and ran healthy is confirmed: one write", async () => {
  const world = new World();
  await apply(world, await started(world), UCI);
  world.uci.set("wireless", '{"wireless.a.isolate":"0"}');
  world.rebirth("everything");
  const applier = await started(world);
  const before = world.writes;
  run(world, applier, HEALTHY + 1000);
  await idle(world, applier);
  assert.is(world.writes - before, 2, "start counter and journal");
  assert.equal(decodeJournal(world.disk.now.get("/s/journal.json")!).confirmed, isolate("0"));
  run(world, applier, HEALTHY);
  await idle(world, applier);
  assert.is(world.writes - before, 2);
});

applying("an interrupted transaction counts as a failed try", async () => {
  const world = new World();
  for (let count = 0; count < MAX_TRIES; count++) {
    const applier = await started(world);
    world.dieAt = world.steps.length + 9;
    assert.is(await apply(world, applier, UCI, "x"), undefined, "it died");
    world.rebirth("everything");
  }
  world.disk.set("/s/starts", "0\n");
  const outcome = await apply(world, await started(world), UCI, "x");
  assert.match(JSON.stringify(outcome), "failed 3 times: interrupted while it was applied");
});

applying("a damaged journal or counter is told and kept aside; the device goes on as it is", async () => {
  for (const text of ["", "{", "[]", '{"format":2}', '{"format":1}', '{"format":1,"confirmed":{"uci":7}}', '{"format":1,"confirmed":{},"marker":{"id":"x","old":{}}}', '{"format":1,"confirmed":{},"failed":{"id":"x","times":"1","reason":""}}']) {
    const world = new World();
    world.disk.set("/s/journal.json", text);
    world.disk.set("/s/starts", "many");
    saying.length = 0;
    const applier = world.open({ log });
    await world.until(applier.start());
    assert.equal(saying, ["start counter damaged: counted from 0", "journal damaged"], text);
    assert.is(world.disk.now.get("/s/journal.json.corrupt"), text);
    assert.is((await apply(world, applier, UCI))?.result, "confirmed");
  }
});

applying("the journal forgets the oldest keys that must be absent, and nothing else", () => {
  let journal = withConfirmed({ confirmed: {} }, { uci: { "wireless.a": "kept" } });
  for (let count = 0; count < 500; count++) journal = withConfirmed(journal, { uci: { [`wireless.sta${count}`]: null } });
  const items = decodeJournal(encodeJournal(journal)).confirmed["uci"]!;
  assert.is(Object.keys(items).length, 129);
  assert.equal([items["wireless.a"], "wireless.sta371" in items, "wireless.sta372" in items], ["kept", false, true]);
});

applying("what was done is told, across starts, without a write more; eight at most", async () => {
  const world = new World();
  const applier = await started(world);
  const before = world.writes;
  const at = "2026-11-23T12:00:00.000Z";
  assert.is((await world.until(applier.apply({ id: "a", at, wanted: isolate("1") })))?.result, "confirmed");
  world.works = () => world.uci.now.get("wireless")?.includes('"2"') !== true;
  assert.is((await apply(world, applier, isolate("2"), "b"))?.result, "rolled back");
  assert.is(world.writes - before, 4);
  world.works = () => true;
  world.dieAt = world.steps.length + 12;
  assert.is(await apply(world, applier, isolate("3"), "c"), undefined);
  world.rebirth("nothing");
  const next = await started(world);
  const reason = "not confirmed within 120 s: no longer seen to work: backend";
  const interrupted = { id: "c", result: "rolled back" as const, reason: "interrupted while it was applied: the power or the process failed" };
  assert.equal(next.status.history, [{ id: "a", at, result: "confirmed" }, { id: "b", result: "rolled back", reason }, interrupted]);
  for (let count = 4; count < 14; count++) await apply(world, next, isolate(String(count)), `more ${count}`);
  assert.equal(next.status.history.map(({ id }) => id), [6, 7, 8, 9, 10, 11, 12, 13].map((count) => `more ${count}`));
});

applying("what was wanted and found to be so is confirmed once it is healthy, and comes back in a safe boot", async () => {
  const world = new World();
  const first = await started(world);
  assert.is((await apply(world, first, isolate("1")))?.result, "confirmed");
  first.stop();
  // As the owner had set it already: no transaction ever touched it.
  world.rebirth("kill");
  world.ovsdb.set("bridge br0", JSON.stringify("secure"));
  const applier = await started(world);
  assert.equal(await apply(world, applier, { ovsdb: { "bridge br0": "secure" } }), { result: "confirmed", unchanged: true });
  run(world, applier, HEALTHY);
  await idle(world, applier);
  const { confirmed } = decodeJournal(world.disk.now.get("/s/journal.json")!);
  assert.equal(confirmed, { uci: { "wireless.a.isolate": "1" }, ovsdb: { "bridge br0": "secure" } });
});

applying.run();
