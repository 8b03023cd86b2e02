// SPDX-License-Identifier: Apache-2.0
// The embedded broker against real MQTT clients, honest and not.
import { topicOf } from "@securebox/contract";
import { connect as openTls } from "node:tls";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { startEmbedded } from "../../src/broker/embedded.ts";
import type { Broker, UpMessage } from "../../src/ports.ts";
import type { OwnPki } from "../../src/pki/index.ts";
import { connect, enrol, memoryPki, own, until, type Credentials, type Listening } from "./fixture.ts";
import { attempts } from "./attempts.ts";

const test = suite("embedded broker");
let pki: OwnPki;
let broker: Broker;
let at: Listening;
let attic: Credentials;
const received: UpMessage[] = [];
const refused: { action: string; message: string; target?: string }[] = [];
const revoked = new Set<string>();
let handle: (message: UpMessage) => Promise<void> = async () => {};

test.before(async () => {
  pki = await memoryPki();
  broker = await startEmbedded({
    host: "127.0.0.1", port: 0, pki, connectTimeout: 1_500, isAccepted: async (_gateway, _network, serial) => !revoked.has(serial), refused: (refusal) => void refused.push(refusal),
    log: () => {}, handlerDeadline: 500, refusalsPerMinute: 1_000,
  });
  broker.onMessage(async (message) => {
    received.push(message);
    await handle(message);
  });
  at = { ...broker.address, ca: pki.caPem };
  attic = await enrol(pki, "attic");
});
test.before.each(() => {
  received.length = refused.length = 0;
  handle = async () => {};
});
test.after(async () => broker.close());

test("a message is handled before it is acknowledged", async () => {
  const client = await connect(own(at, attic));
  const order: string[] = [];
  let release = (): void => {};
  handle = () => new Promise((resolve) => { release = () => { order.push("handled"); resolve(); }; });
  const acknowledged = client.publishAsync(topicOf("home", "attic", "hello"), "x", { qos: 1 }).then(() => order.push("acknowledged"));
  await until(() => received.length === 1, "handler called");
  assert.equal(order, []);
  release();
  await acknowledged;
  assert.equal(order, ["handled", "acknowledged"]);
  assert.equal({ ...received[0]!, payload: String(received[0]!.payload) }, { network: "home", gateway: "attic", channel: "hello", payload: "x", retained: false });
  client.end(true);
});

test("what a gateway asks to retain is said now, not read back from before; its last will, too", async () => {
  const client = await connect({ ...own(at, attic), will: { topic: topicOf("home", "attic", "presence"), payload: Buffer.from("gone"), qos: 1, retain: true } });
  await client.publishAsync(topicOf("home", "attic", "reported"), "x", { qos: 1, retain: true });
  client.stream.destroy();
  await until(() => received.length === 2, "last will");
  assert.equal(received.map(({ channel, retained }) => [channel, retained]), [["reported", false], ["presence", false]]);
  client.end(true);
});

test("a message that could not be handled is not acknowledged, and its sender is told by the end of the connection", async () => {
  const client = await connect(own(at, attic));
  handle = async () => { throw new Error("the database is away"); };
  let acknowledged = false;
  client.publish(topicOf("home", "attic", "event"), "x", { qos: 1 }, (error) => { acknowledged = !error; });
  await until(() => !client.connected, "connection closed");
  assert.not(acknowledged);
  client.end(true);
});

test("a handler that never ends closes the connection at its deadline", async () => {
  const client = await connect(own(at, attic));
  handle = () => new Promise(() => {});
  client.publish(topicOf("home", "attic", "event"), "x", { qos: 1 });
  const start = Date.now();
  await until(() => !client.connected, "connection closed");
  assert.ok(Date.now() - start < 2_000);
  client.end(true);
});

test("messages of a gateway keep their order though the first takes longer", async () => {
  const client = await connect(own(at, attic));
  const ended: string[] = [];
  handle = async ({ payload }) => {
    if (String(payload) === "1") await new Promise((resolve) => setTimeout(resolve, 50));
    ended.push(String(payload));
  };
  await Promise.all(["1", "2", "3"].map((text) => client.publishAsync(topicOf("home", "attic", "event"), text, { qos: 1 })));
  assert.equal(ended, ["1", "2", "3"]);
  client.end(true);
});

test("retained documents wait for who subscribes, and an empty one ends them", async () => {
  await broker.publish(topicOf("home", "attic", "desired"), Buffer.from("one"), { retain: true });
  const client = await connect(own(at, attic));
  const got: string[] = [];
  client.on("message", (topic, payload) => got.push(`${topic.split("/").at(-1)} ${payload}`));
  await client.subscribeAsync(topicOf("home", "attic", "desired"), { qos: 1 });
  await until(() => got.length === 1, "retained document");
  await broker.publish(topicOf("home", "attic", "desired"), Buffer.from("two"), { retain: true });
  await until(() => got.length === 2, "document");
  assert.equal(got, ["desired one", "desired two"]);
  client.end(true);
});

test("the last will arrives when a gateway is lost, and before what its next connection says", async () => {
  const will = { topic: topicOf("home", "attic", "presence"), payload: Buffer.from("lost"), qos: 1 as const, retain: true };
  const first = await connect({ ...own(at, attic), will });
  const second = await connect({ ...own(at, attic), will });
  await second.publishAsync(topicOf("home", "attic", "presence"), "online", { qos: 1, retain: true });
  assert.equal(received.map(({ payload }) => String(payload)), ["lost", "online"]);
  first.end(true);
  second.stream.destroy();
  await until(() => received.length === 3, "the second's will");
  second.end(true);
});

test("disconnect closes a gateway's connection at once, and a revoked certificate is refused from then on", async () => {
  const cellar = await enrol(pki, "cellar");
  const client = await connect(own(at, cellar));
  revoked.add(cellar.certificate.serial);
  broker.disconnect("cellar");
  await until(() => !client.connected, "closed");
  client.end(true);
  await assert_rejects(connect(own(at, cellar)), /Not authorized/);
  assert.match(refused.at(-1)!.message, /not accepted any more/);
});

test("a gateway that does not read is dropped, and the others get their messages meanwhile", async () => {
  const [deaf, other] = [await enrol(pki, "deaf"), await enrol(pki, "other")];
  const client = await connect(own(at, deaf));
  const listener = await connect(own(at, other));
  await client.subscribeAsync(topicOf("home", "deaf", "tell"), { qos: 1 });
  await listener.subscribeAsync(topicOf("home", "other", "tell"), { qos: 1 });
  client.stream.pause();
  let heard = 0;
  listener.on("message", () => heard++);
  for (let i = 0; i < 300 && broker.statistics().connections > 1; i++) {
    await broker.publish(topicOf("home", "deaf", "tell"), Buffer.alloc(100_000), { retain: false });
    await broker.publish(topicOf("home", "other", "tell"), Buffer.from("x"), { retain: false });
  }
  await until(() => refused.some(({ message }) => /does not read/.test(message)), "dropped");
  assert.ok(heard > 10, `heard ${heard}`);
  client.end(true);
  listener.end(true);
});

test("who has a certificate but sends no CONNECT is closed in time", async () => {
  const socket = openTls({ host: at.host, port: at.port, ca: at.ca, key: attic.key, cert: attic.certificate.pem });
  socket.resume().on("error", () => {});
  await new Promise((resolve) => socket.once("secureConnect", resolve));
  const start = Date.now();
  await new Promise((resolve) => socket.once("close", resolve));
  assert.ok(Date.now() - start < 4_000);
});

attempts(test, () => ({ at, pki, received, refused, strict: true, revoke: async ({ certificate }: Credentials) => void revoked.add(certificate.serial), publish: (topic: string) => broker.publish(topic, Buffer.from("secret"), { retain: true }) }));

async function assert_rejects(promise: Promise<unknown>, pattern: RegExp): Promise<void> {
  try {
    await promise;
  } catch (error) {
    return assert.match(String((error as Error).message), pattern);
  }
  assert.unreachable("expected a refusal");
}

test.run();
