// SPDX-License-Identifier: Apache-2.0
// Subscriptions and notifications, events, the monitor, access control queries, over a bus.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { decodeBody, decodeTable, method, type Monitored, messageTypeName, StatusError, type UbusClient } from "../../src/index.ts";
import { rejection, sleep, startBus, type TestBus, until } from "../bus.ts";

const test = suite("ubus notifications");
let bus: TestBus, provider: UbusClient, other: UbusClient;

test.before(async () => {
  bus = await startBus();
  provider = bus.client();
  other = bus.client();
});
test.after(() => bus.stop());

test("a subscription gets the notifications of every object of its pattern, as they come and go", async () => {
  const seen: string[] = [];
  const active: boolean[] = [];
  const early = await provider.publish("radio.a", {}, { subscribed: (now) => active.push(now) });
  const subscription = await other.subscribe("radio.*", {
    notified: (path, name, data) => void seen.push(`${path} ${name} ${String(data["mac"])}`),
    added: (path) => seen.push(`+${path}`),
    removed: (path) => seen.push(`-${path}`),
  });
  assert.equal(subscription.paths, ["radio.a"]);
  await until("the subscriber", () => early.hasSubscribers);
  early.notify("assoc", { mac: "02:00:00:00:00:01" });
  const late = await provider.publish("radio.b", {});
  await until("the late object's subscriber", () => late.hasSubscribers);
  late.notify("assoc", { mac: "02:00:00:00:00:02" });
  await until("both notifications", () => seen.length === 4);
  await early.remove();
  await until("the end of the first", () => seen.length === 5);
  assert.equal(seen, ["+radio.a", "radio.a assoc 02:00:00:00:00:01", "+radio.b", "radio.b assoc 02:00:00:00:00:02", "-radio.a"]);
  assert.equal(active, [true, false]);
  await subscription.remove();
  await until("the end of the other", () => !late.hasSubscribers);
  late.notify("assoc", { mac: "nobody hears" });
  await late.remove();
  assert.is(seen.length, 5);
});

test("subscribers are asked, and each answers with its status and data", async () => {
  const object = await provider.publish("radio.ask", {});
  assert.equal(await object.ask("probe", {}), []);
  const third = bus.client();
  await other.subscribe("radio.ask", { notified: (_path, name, { mac }) => { if (mac === "bad") throw new StatusError("permission-denied"); return { name }; } });
  await third.subscribe("radio.ask", { notified: () => sleep(20) });
  await until("subscribers", () => object.hasSubscribers);
  const good = await object.ask("probe", { mac: "good" });
  assert.equal(good.map(({ status, data }) => [status, data]).sort(), [["ok", []], ["ok", [{ name: "probe" }]]].sort());
  assert.equal((await object.ask("probe", { mac: "bad" })).map(({ status }) => status).sort(), ["ok", "permission-denied"]);
  const fourth = bus.client();
  const never = await fourth.subscribe("radio.ask", { notified: () => new Promise<never>(() => {}) });
  assert.equal((await object.ask("probe", {}, 200)).map(({ status }) => status).sort(), ["ok", "ok", "timeout"]);
  await never.remove();
  await object.remove();
});

test("one's own objects are left out of one's subscriptions, with a word about it only when they were meant", async () => {
  const object = await provider.publish("radio.own", {});
  const pattern = await provider.subscribe("radio.own*", { notified: () => {} });
  assert.equal([pattern.paths, bus.troubles], [[], []]);
  await provider.subscribe("radio.own", { notified: () => {} });
  assert.equal(bus.troubles.splice(0), ["subscribe radio.own: subscribe radio.own: radio.own: invalid-argument"]);
  await object.remove();
});

test("events reach those who listen to a pattern, and not their sender", async () => {
  const heard: string[] = [];
  const exact = await other.listen("my.event", (id, { v }) => heard.push(`exact ${id} ${String(v)}`));
  await other.listen("my.*", (id, { v }) => heard.push(`prefix ${id} ${String(v)}`));
  await provider.listen("*", (id, { v }) => heard.push(`sender ${id} ${String(v)}`));
  await provider.send("my.event", { v: 1 });
  await provider.send("my.other", { v: 2 });
  await provider.send("your.event", { v: 3 });
  await until("the events", () => heard.length >= 3);
  await exact.remove();
  await provider.send("my.event", { v: 4 });
  await until("the last", () => heard.length >= 4);
  assert.equal(heard.sort(), ["exact my.event 1", "prefix my.event 1", "prefix my.event 4", "prefix my.other 2"]);
  assert.is(((await rejection(provider.send("ubus.object.add", {}))) as StatusError).status, "permission-denied");
});

test("a listener hears of objects that come and go", async () => {
  const heard: string[] = [];
  const listener = await other.listen("ubus.object.*", (id, { path }) => heard.push(`${id} ${String(path)}`));
  await (await provider.publish("radio.brief", {})).remove();
  await until("both", () => heard.length === 2);
  assert.equal(heard, ["ubus.object.add radio.brief", "ubus.object.remove radio.brief"]);
  await listener.remove();
});

test("a handler that throws is told, and nothing else happens", async () => {
  await other.listen("bad.event", () => { throw new Error("a defect"); });
  await provider.send("bad.event");
  await until("the report", () => bus.troubles.length > 0);
  assert.equal(bus.troubles.splice(0), ["event bad.event: a defect"]);
});

test("a monitor sees what others say", async () => {
  const seen: Monitored[] = [];
  const watcher = bus.client();
  const monitor = await watcher.monitor((message) => seen.push(message));
  await provider.publish("radio.seen", { hello: method({ to: "string" }, ({ to }) => ({ hello: to })) });
  await other.call("radio.seen", "hello", { to: "you" });
  await until("the call", () => seen.some(({ type, send }) => messageTypeName(type) === "invoke" && send));
  await monitor.remove();
  const calls = seen.map((message) => ({ ...message, name: messageTypeName(message.type), ...decodeBody(message.body) })).filter(({ method: name }) => name === "hello");
  assert.equal(calls.map(({ client, send, data, user }) => [client, send, decodeTable(data!), user]), [[other.clientId, false, { to: "you" }, undefined], [provider.clientId, true, { to: "you" }, "root"]]);
  const count = seen.length;
  await other.ping();
  assert.is(seen.length, count);
});

test("the access control lists of one's own objects can be asked for", async () => {
  assert.equal(await provider.acl(), []);
});

test.run();
