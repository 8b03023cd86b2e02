// SPDX-License-Identifier: Apache-2.0
// The daemon dies and comes back, a thousand times, under load: everything is registered again, no call is stuck, nothing grows.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DisconnectedError, method, ProviderGoneError, StatusError, type PublishedObject, type Subscription, type Table, type UbusClient } from "../../src/index.ts";
import { platform, rejection, sleep, startBus, type TestBus, until } from "../bus.ts";

const test = suite("ubus restarts");
const RESTARTS = 1000;
/** After the first round memory may not grow: caches and code have been warmed up. */
const ROUND = 250;
/** Bytes; what an engine's heap varies by itself. A leak of 1 kB in each restart would show on QuickJS, of 30 kB on Node.js. */
const NOISE = platform.engine === "node" ? 20e6 : 700e3;
const PATHS = ["load.a", "load.b", "load.c"];

let bus: TestBus;
test.before(async () => void (bus = await startBus()));
test.after(() => bus.stop());

test("calls wait for a daemon that is not there yet, within their deadline", async () => {
  await bus.kill();
  const client = bus.client();
  const early = client.list("nothing");
  assert.is((await rejection(client.call("a", "b", {}, 30))).message, "call a b: no answer within 30 ms");
  await bus.start();
  assert.equal(await early, []);
  const few = bus.client({ maxWaiting: 1, path: `${bus.path}.none` });
  const one = rejection(few.call("a", "b"));
  assert.is((await rejection(few.call("a", "b"))).name, "QueueFullError");
  few.close();
  assert.is((await one).name, "DisconnectedError");
  assert.is((await rejection(few.call("a", "b"))).name, "DisconnectedError");
  client.close();
});

test("calls in flight end when the daemon dies, and say that their effect is unknown", async () => {
  const [provider, caller] = [bus.client(), bus.client()];
  await provider.publish("load.never", { never: method({}, () => new Promise<never>(() => {})) });
  const call = rejection(caller.call("load.never", "never"));
  await until("the call", () => caller.link.pending > 0);
  await bus.kill();
  const error = (await call) as DisconnectedError;
  assert.equal([error.name, error.sent], ["DisconnectedError", true]);
  await bus.start();
  await caller.whenReady();
  provider.close();
  caller.close();
});

test("a path that somebody else took meanwhile is told once, and taken again when it is free", async () => {
  const [first, second, caller] = [bus.client({ reconnect: { minimum: 300 } }), bus.client(), bus.client()];
  const who = (name: string) => ({ who: method({}, () => ({ name })) });
  await first.publish("load.taken", who("first"));
  await bus.kill();
  await bus.start();
  const other = await second.publish("load.taken", who("second"));
  await until("the report", () => bus.troubles.length > 0);
  assert.equal(await caller.call("load.taken", "who"), { name: "second" });
  await sleep(1100); // another try
  await other.remove();
  await until("the return", async () => (await caller.list("load.taken")).length > 0);
  assert.equal(await caller.call("load.taken", "who"), { name: "first" });
  assert.equal(bus.troubles.splice(0), ["load.taken: publish load.taken: invalid-argument"]);
  for (const client of [first, second, caller]) client.close();
});

const heard = { notifications: 0, events: 0 };
const answered = PATHS.map(() => 0);
let [provider, caller]: UbusClient[] = [];
let [objects, workers]: [PublishedObject[], Promise<void>[]] = [[], []];
let subscription: Subscription;
let running = true;
let resident = 0;

async function load(path: number): Promise<void> {
  for (let n = 0; running; n++) {
    try {
      assert.equal((await caller!.call(PATHS[path]!, "echo", { n })) as Table, { n });
      answered[path]!++;
    } catch (error) {
      const expected = error instanceof DisconnectedError || error instanceof ProviderGoneError || (error instanceof StatusError && error.status === "not-found");
      if (!expected) throw error;
      await sleep(1); // not there yet: the provider reconnects, too
    }
  }
}

async function restart(count: number): Promise<void> {
  await bus.kill();
  await until(`the loss before restart ${count}`, () => !provider!.ready && !caller!.ready); // else answers that still lay in the socket pass for new ones
  await bus.start();
  const before = [...answered];
  await until(`calls after restart ${count}`, () => answered.every((calls, path) => calls > before[path]!));
  await until(`subscribers after restart ${count}`, () => subscription.paths.length === PATHS.length && objects.every(({ hasSubscribers }) => hasSubscribers));
  const { notifications, events } = heard;
  for (const object of objects) object.notify("restarted");
  await provider!.send("load.restarted", { count });
  await until(`what is told after restart ${count}`, () => heard.notifications === notifications + objects.length && heard.events === events + 1);
}

test("under load: objects, a subscription, events and four callers", async () => {
  [provider, caller] = [bus.client(), bus.client()];
  objects = await Promise.all(PATHS.map((path) => provider!.publish(path, { echo: method({ n: "int32" }, ({ n }) => ({ n })) })));
  subscription = await caller.subscribe("load.*", { notified: () => void heard.notifications++ });
  await caller.listen("load.*", () => heard.events++);
  workers = [0, 1, 2, 0].map(load);
});

// In rounds, as one test may take 30 s and a slow machine needs more for all of them.
for (let round = 0; round < RESTARTS / ROUND; round++) {
  const first = round * ROUND + 1;
  test(`under load: restarts ${first} to ${first + ROUND - 1} of ${RESTARTS}`, async () => {
    for (let count = first; count < first + ROUND; count++) await restart(count);
    if (round === 0) resident = settled();
  });
}

test("under load: nothing is stuck, missing or grown", async () => {
  const growth = settled() - resident;
  running = false;
  await Promise.all(workers);
  assert.equal((await caller!.list("load.*")).map(({ path }) => path), PATHS);
  await until("the last answers", () => caller!.link.pending === 0 && provider!.link.pending === 0);
  assert.ok(growth < NOISE, `${growth} bytes more than after ${ROUND} restarts`);
  assert.equal(bus.troubles, []);
});

/** Resident memory after what can be given back was. */
function settled(): number {
  platform.processes.trimMemory();
  return platform.processes.memory().resident;
}

test.run();
