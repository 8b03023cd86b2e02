// SPDX-License-Identifier: Apache-2.0
// The whole link against a fake broker with a fake backend, in virtual time; documents, keys and digests are real.
import { encodeDocument } from "@securebox/contract";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DAY, FakeBackend, FakeGateway, linkUp, publicOf, signingKey, TODAY } from "./fake-backend.ts";

const link = suite("link");

link("comes up: presence, hello, welcome; time known; both states wanted once", async () => {
  const { backend, gateway, pass } = await linkUp();
  assert.equal(backend.received.map(({ channel }) => channel), ["presence", "hello", "reported", "devices"]);
  assert.equal(gateway.link.status.state, "connected");
  assert.ok(gateway.link.status.synchronised);
  assert.is(gateway.link.status.clock, "trusted");
  await pass(3_600_000);
  assert.is(backend.received.length, 4, "an hour of agreement sends nothing");
  assert.is(backend.connection!.pings, 3600 / 25);
});

link("two sides that agree exchange presence, hello and welcome after a cut", async () => {
  const { backend, pass } = await linkUp();
  backend.cut();
  await pass(1000);
  assert.equal(backend.received.slice(4).map(({ channel }) => channel), ["presence", "hello"]);
});

link("a desired document is in force, on flash, and reported", async () => {
  const { backend, gateway, pass } = await linkUp();
  backend.deliver("desired", backend.desired(7));
  await pass(50);
  assert.equal(gateway.enforced, [7]);
  assert.is(gateway.store.documents().desired?.sequence, 7);
  await pass(1000);
  assert.is(gateway.reported?.desired?.version, 7);
});

link("what changed while a report waited for its PUBACK is reported as soon as that comes, not with the next ping", async () => {
  const { backend, gateway, pass } = await linkUp();
  backend.latency = 1500;
  for (const healthy of [false, true]) {
    gateway.healthy = healthy;
    gateway.link.changed("reported");
    await pass(100);
  }
  await pass(3000);
  assert.is(gateway.reported?.healthy, true);
});

link("a desired document that is in force and comes again, though not with a subscription, is reported again: the backend has not heard of it", async () => {
  const { backend, gateway, pass } = await linkUp();
  backend.deliver("desired", backend.desired(7));
  await pass(2000);
  const before = gateway.sent("reported");
  backend.deliver("desired", [...backend.retained.values()].at(-1)!);
  await pass(1100);
  assert.is(gateway.sent("reported"), before + 1);
  assert.equal(gateway.enforced, [7]);
  backend.cut();
  await pass(5000);
  assert.is(gateway.sent("reported"), before + 1, "not with a subscription");
});

link("the newest policy is in force within 5 s of the link's return, after cuts up to a minute", async () => {
  for (const mode of ["refused", "silent"] as const) {
    for (const length of [1000, 5000, 17_300, 41_000, 59_000]) {
      const { backend, gateway, pass } = await linkUp();
      await pass(20_000);
      backend.mode = mode;
      if (mode === "refused") backend.cut();
      else gateway.link.event("info", "something to say", {});
      backend.deliver("desired", backend.desired(9));
      await pass(length);
      backend.mode = "up";
      await pass(5000);
      assert.equal(gateway.enforced, [9], `${mode} for ${length} ms`);
    }
  }
});

link("a silent link is noticed in 5 s when there is something to say", async () => {
  const { backend, gateway, pass } = await linkUp();
  backend.mode = "silent";
  gateway.link.event("warn", "a packet of the attack", {});
  await pass(5100);
  assert.not.equal(gateway.link.status.state, "connected");
  assert.match(gateway.link.status.lastError!, /silent/);
});

link("a silent link is noticed in 6.1 s by a question that nobody answers; a backend that is slow is not dead", async () => {
  const { backend, gateway, pass } = await linkUp();
  const ask = (port: number): boolean => gateway.link.ask({ kind: "flow", device: "02:00:00:00:00:01", address: "192.0.2.9", protocol: 6, port }, () => {});
  ask(1);
  await pass(10_000);
  assert.is(gateway.link.status.state, "connected");
  assert.is(backend.connection!.pings, 1);
  backend.mode = "silent";
  ask(2);
  await pass(6100);
  assert.match(gateway.link.status.lastError!, /silent/);
});

link("flapping each second for a minute: nothing grows, and it is up 5 s later", async () => {
  const { backend, gateway, pass } = await linkUp();
  for (let second = 0; second < 60; second++) {
    backend.mode = second % 2 === 0 ? "refused" : "up";
    backend.cut();
    gateway.link.event("info", `second ${second}`, {});
    gateway.link.changed("reported");
    for (let port = 0; port < 50; port++) gateway.link.ask({ kind: "flow", device: "02:00:00:00:00:01", address: "192.0.2.9", protocol: 6, port: second * 100 + port }, () => {});
    await pass(1000);
  }
  backend.mode = "up";
  await pass(5000);
  assert.is(gateway.link.status.state, "connected");
  assert.is([...backend.events.values()].filter(({ event }) => event.startsWith("second")).length, 60);
  assert.ok(backend.tries < 200, `${backend.tries} tries`);
  assert.ok(backend.machine.time.armed < 10, `${backend.machine.time.armed} timers`);
});

link("no acknowledged event is lost, none is stored twice: cuts, a restart, a crash", async () => {
  const backend = new FakeBackend();
  let { gateway, pass } = await linkUp(backend);
  for (let count = 0; count < 200; count++) {
    if (count % 23 === 0) backend.cut();
    gateway.link.event("info", `event ${count}`, { count });
    await pass(97);
  }
  gateway.link.event("info", "last word", {});
  gateway.link.stop();
  ({ gateway, pass } = await linkUp(backend));
  await pass(2000);
  const names = [...backend.events.values()].map(({ event }) => event).filter((event) => /^event|last/.test(event));
  assert.is(new Set(names).size, 201);
  assert.is(gateway.link.status.outbox.events, 0);
});

link("10,000 events while offline stay bounded", async () => {
  const { backend, gateway, pass } = await linkUp();
  backend.mode = "refused";
  backend.cut();
  for (let count = 0; count < 10_000; count++) gateway.link.event("info", "blocked", { count });
  assert.is(gateway.link.status.outbox.events, 512);
  assert.is(gateway.link.status.outbox.lost, 10_000 - 512);
  backend.mode = "up";
  await pass(5000);
  assert.is(gateway.link.status.outbox.events, 0);
  assert.is(gateway.reported?.eventsLost, 10_000 - 512);
});

link("questions tell the version of the policy in force, so that nobody answers from an older one", async () => {
  const { backend, gateway, pass } = await linkUp();
  backend.deliver("desired", backend.desired(7));
  await pass(50);
  gateway.link.ask({ kind: "device", device: "02:00:00:00:00:01", port: "wlan0" }, () => {});
  await pass(50);
  const asked = backend.received.find(({ channel }) => channel === "ask");
  assert.is((asked!.envelope.body as { version?: number }).version, 7);
});

link("questions: asked together, answered once, none while the link is down", async () => {
  const { backend, gateway, pass } = await linkUp();
  backend.answer = ({ questions }) => ({ answers: questions.map(({ id }) => ({ id, verdict: "allow", lifetime: 1000 })) });
  const told: string[] = [];
  for (let port = 0; port < 5; port++) assert.ok(gateway.link.ask({ kind: "flow", device: "02:00:00:00:00:01", address: "192.0.2.9", protocol: 17, port }, ({ verdict }) => told.push(verdict)));
  await pass(10);
  assert.equal(told, Array(5).fill("allow"));
  assert.is(gateway.backend.received.filter(({ channel }) => channel === "ask").length, 1);
  backend.mode = "refused";
  backend.cut();
  await pass(10);
  assert.is(gateway.link.ask({ kind: "device", device: "02:00:00:00:00:01", port: "wlan0" }, () => told.push("late")), false);
});

link("a backend that is dead behind a broker that lives: hello twice, then the back-off", async () => {
  const backend = new FakeBackend();
  backend.mode = "mute";
  const { gateway, pass } = await linkUp(backend);
  await pass(9500);
  assert.is(gateway.sent("hello"), 2);
  assert.not.equal(gateway.link.status.state, "connected");
  await pass(10_000);
  assert.match(gateway.link.status.lastError!, /did not answer hello/);
  backend.mode = "up";
  await pass(12_000);
  assert.is(gateway.link.status.state, "connected", "hello is said again within 10 s");
});

link("stop says offline, and is quiet then", async () => {
  const { backend, gateway, pass } = await linkUp();
  backend.connection!.end = () => {};
  gateway.link.stop();
  await pass(60_000);
  assert.equal(backend.received.at(-1)!.envelope.body, { state: "offline", reason: "stopped" });
  assert.is(backend.tries, 1);
});

link("the certificate is renewed after two thirds of its life, and used at once", async () => {
  const { RENEWED, OTHER_KEY } = await import("./certificate-vectors.ts");
  const backend = new FakeBackend();
  backend.epoch = TODAY + 240 * DAY;
  const { gateway, pass } = await linkUp(backend);
  await pass(2 * DAY);
  assert.is(gateway.sent("renew"), 0);
  await pass(2 * DAY);
  assert.ok(gateway.sent("renew") >= 1 && gateway.sent("renew") <= 50, `${gateway.sent("renew")} requests`);
  backend.tell("certificate", { certificate: OTHER_KEY });
  await pass(100);
  assert.ok(gateway.lines.some((line) => line.includes("another key")));
  backend.tell("certificate", { certificate: RENEWED });
  await pass(100);
  assert.is(backend.tries, 2);
  assert.is(backend.connection!.options.tls!.certificate, RENEWED);
  assert.is(gateway.store.identity()!.certificate, RENEWED);
  await pass(20 * DAY);
  assert.is(backend.tries, 2);
});

link("keys change while the gateway is away: the time signed by the new key is believed once the keys document came", async () => {
  const backend = new FakeBackend();
  const next = signingKey();
  backend.timeKey = next;
  const { gateway, pass } = await linkUp(backend);
  assert.is(gateway.link.status.clock, "floor");
  backend.deliver("keys", encodeDocument(backend.sign("keys", { keys: [publicOf(next), publicOf(backend.recovery)] }, { sequence: 1 })));
  await pass(100);
  assert.is(gateway.link.status.clock, "trusted");
  backend.deliver("desired", backend.desired(3, { key: next }));
  await pass(100);
  assert.equal(gateway.enforced, [3]);
});

link("not enrolled: a link that does nothing, and says so", async () => {
  const { createLink } = await import("../link.ts");
  const { FileStore } = await import("../store.ts");
  const backend = new FakeBackend();
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const none = createLink(backend.machine, backend.connect, new FileStore(backend.machine.files, "/state", log), {} as never, log);
  none.start();
  assert.is(none.status.state, "none");
  assert.is(none.ask({ kind: "device", device: "x", port: "y" }, () => {}), false);
  await backend.machine.time.advance(60_000);
  assert.is(backend.tries, 0);
});

link("a restart finds its state: the kept policy is enforced without network, and is not sent again", async () => {
  const backend = new FakeBackend();
  const first = await linkUp(backend);
  backend.deliver("desired", backend.desired(4));
  await first.pass(2000);
  first.gateway.link.stop();
  backend.mode = "refused";
  backend.epoch = TODAY + 5000 * DAY;
  const second = new FakeGateway(backend);
  second.link.start();
  await backend.machine.time.advance(100);
  assert.equal(second.enforced, [4], "also when it has expired meanwhile");
});

link.run();
