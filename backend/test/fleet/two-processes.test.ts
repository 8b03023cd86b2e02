// SPDX-License-Identifier: Apache-2.0
// Several fleets on one PostgreSQL, as several processes have them, and the server killed under them.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { openDatabase } from "../../src/store/index.ts";
import { lease } from "../../src/fleet/reconcile.ts";
import { PostgresqlServer } from "../support/postgresql-server.ts";
import { ANNA, eventually, hello, makeNetwork, makeRig, policyText, report, type Rig } from "./rig.ts";

let server: PostgresqlServer;
let rigs: [Rig, Rig];

test.before(async () => {
  server = await PostgresqlServer.start();
  rigs = [await makeRig(await openDatabase({ url: server.url })), await makeRig(await openDatabase({ url: server.url }))];
  for (const rig of rigs) rig.broker.kind = "external";
});
test.after(async () => {
  for (const rig of rigs ?? []) {
    await rig.close();
    await rig.database.close();
  }
  await server?.stop();
});

test("pushes from both at once with `expected`: one wins each round, versions and sequences are unique and none is lost", async () => {
  const { network, ids: [id] } = await makeNetwork(rigs[0]) as { network: string; ids: [string] };
  const won: number[] = [];
  for (let round = 0; round < 15; round++) {
    const results = await Promise.allSettled([0, 1, 0, 1].map((which, i) => rigs[which as 0 | 1].fleet.pushPolicy(ANNA, network, policyText(network, `round ${round} by ${i}`), "race", round)));
    const done = results.filter((result) => result.status === "fulfilled");
    assert.is(done.length, 1, JSON.stringify(results));
    assert.ok(results.every((result) => result.status === "fulfilled" || result.reason.status === 409), JSON.stringify(results));
    won.push(done[0]!.value.version);
  }
  assert.equal(won, Array.from({ length: 15 }, (_, i) => i + 1));
  assert.is((await rigs[1].fleet.gateway(id)).desired!.sequence, 15);
});

test("pushes without `expected` from both: every one becomes a version, every version another sequence", async () => {
  const { network, ids: [id] } = await makeNetwork(rigs[0]) as { network: string; ids: [string] };
  const versions = await Promise.all(Array.from({ length: 20 }, async (_, i) => (await rigs[i % 2 as 0 | 1].fleet.pushPolicy(ANNA, network, policyText(network, `push ${i}`), "race")).version));
  assert.equal(versions.sort((a, b) => a - b), Array.from({ length: 20 }, (_, i) => i + 1));
  await eventually(() => rigs.some(({ broker }) => broker.documents(id, "desired").some(({ sequence }) => sequence === 20)), "the newest is published");
  const documents = rigs.flatMap(({ broker }) => broker.documents(id, "desired"));
  for (const document of documents) assert.is(document.sequence, document.body.version, "a sequence never stands for two contents");
});

test("a publish that is overtaken by another process's is repeated with the newest", async () => {
  const { network, ids: [id] } = await makeNetwork(rigs[0]) as { network: string; ids: [string] };
  let release = (): void => {};
  rigs[0].broker.before = (topic) => (topic.includes(`/${id}/`) ? new Promise((resolve) => { release = resolve; }) : Promise.resolve());
  await rigs[0].fleet.pushPolicy(ANNA, network, policyText(network, "one"), "slow");
  await new Promise((resolve) => setTimeout(resolve, 100));
  await rigs[1].fleet.pushPolicy(ANNA, network, policyText(network, "two"), "fast");
  await eventually(() => rigs[1].broker.documents(id, "desired").length === 1, "the fast one");
  rigs[0].broker.before = async () => {};
  release();
  await eventually(() => rigs[0].broker.documents(id, "desired").at(-1)?.sequence === 2, "the newest again after the slow one");
});

test("events of a batch that both processes get are stored once", async () => {
  const { network, ids: [id] } = await makeNetwork(rigs[0]) as { network: string; ids: [string] };
  const batch = { stream: "twice", events: Array.from({ length: 64 }, (_, n) => ({ n, level: "info" as const, event: "x", fields: {} })) };
  await Promise.all(rigs.map((rig) => rig.send(id, "events", batch, { network })));
  assert.is((await rigs[0].fleet.events({ network, limit: 500 })).length, 64);
  for (const rig of rigs) assert.equal(rig.broker.told(id, "ack"), [{ stream: "twice", stored: 63 }]);
});

test("a report that arrived earlier at one process does not undo a later one at the other", async () => {
  const { network, ids: [id] } = await makeNetwork(rigs[0]) as { network: string; ids: [string] };
  await rigs[1].send(id, "reported", report({ problems: ["new"] }), { network });
  rigs[0].clock.ahead = -1000;
  await rigs[0].send(id, "reported", report({ problems: ["old"] }), { network });
  rigs[0].clock.ahead = 0;
  assert.equal((await rigs[0].fleet.gateway(id)).reported!.problems, ["new"]);
});

test("periodic work is one process's at a time", async () => {
  const taken = await Promise.all(rigs.map(({ database }) => lease(database, "test", 500)));
  assert.equal(taken.sort(), [false, true]);
  await new Promise((resolve) => setTimeout(resolve, 600));
  assert.ok(await lease(rigs[1].database, "test", 500));
});

test("live events of one process come to the other, verdicts follow", async () => {
  const { network, ids: [id] } = await makeNetwork(rigs[0]) as { network: string; ids: [string] };
  const question = { id: 1, kind: "device" as const, device: "02:00:00:00:00:11", port: "wlan0" };
  assert.is((await rigs[1].verdicts.decide(network, id, question)).verdict, "allow");
  await rigs[0].fleet.addVerdict(ANNA, { network, device: question.device, remote: "*", kind: "device", verdict: "deny", reason: "no", lifetime: 60 });
  await eventually(async () => (await rigs[1].verdicts.decide(network, id, question)).verdict === "deny", "the other process knows");
});

test("kill -9 of PostgreSQL during pushes: no acknowledged version is lost, and everything comes back by itself", async () => {
  const { network, ids: [id] } = await makeNetwork(rigs[0]) as { network: string; ids: [string] };
  const acknowledged = new Map<number, string>();
  let [failures, stop] = [0, false];
  const pushing = Promise.all(rigs.map(async ({ fleet }, which) => {
    for (let i = 0; !stop; i++) {
      const text = policyText(network, `process ${which} push ${i}`);
      await fleet.pushPolicy(ANNA, network, text, "load").then(({ version }) => acknowledged.set(version, text), () => { failures++; });
    }
  }));
  for (let round = 0; round < 2; round++) {
    await new Promise((resolve) => setTimeout(resolve, 400));
    await server.kill();
    await new Promise((resolve) => setTimeout(resolve, 300));
    await server.restart();
  }
  const before = acknowledged.size;
  await eventually(() => acknowledged.size > before + 5, "pushes succeed again", 15_000);
  stop = true;
  await pushing;
  for (const [version, text] of acknowledged) assert.is((await rigs[1].fleet.policy(network, version))?.text, text, `version ${version}`);
  await rigs[0].send(id, "hello", hello(), { network });
  const newest = (await rigs[0].fleet.network(network)).policyVersion;
  await eventually(() => rigs[0].broker.documents(id, "desired").at(-1)?.body.version === newest, "the newest goes out");
  console.log(`  ${acknowledged.size} pushes acknowledged, ${failures} refused, none lost`);
  assert.ok(failures > 0, "the kill was felt");
});

test("messages that come while PostgreSQL is away are stored when it is back", async () => {
  const { network, ids: [id] } = await makeNetwork(rigs[0]) as { network: string; ids: [string] };
  await server.kill();
  const waiting = rigs[0].send(id, "events", { stream: "w", events: [{ n: 0, level: "info", event: "while-away", fields: {} }] }, { network });
  await new Promise((resolve) => setTimeout(resolve, 6500)); // longer than the database's own patience
  await server.restart();
  await waiting;
  assert.equal((await rigs[0].fleet.events({ network, limit: 5 })).map(({ event }) => event), ["while-away"]);
  assert.is(rigs[0].broker.told(id, "ack").length, 1);
});

test.run();
