// SPDX-License-Identifier: Apache-2.0
// Mosquitto with our generated configuration, and the backend as its client: the same attempts as against the embedded broker, and what several processes need.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { topicOf } from "@securebox/contract";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { startExternal } from "../../src/broker/external.ts";
import type { Broker, Database, UpMessage } from "../../src/ports.ts";
import type { OwnPki } from "../../src/pki/index.ts";
import { MosquittoServer } from "../support/mosquitto-server.ts";
import { attempts } from "./attempts.ts";
import { connect, enrol, memoryPki, own, until, wait, type Listening } from "./fixture.ts";

const test = suite("Mosquitto");
/** One for publishing, one for questions, four for what is stored. */
const LANES = 6;
let pki: OwnPki & { database: Database };
let server: MosquittoServer;
let at: Listening;
const brokers: Broker[] = [];
const received: (UpMessage & { by: number })[] = [];
const ready: number[] = [];
const logged: string[] = [];
let handle: (message: UpMessage) => Promise<void> = async () => {};

async function join_(by: number): Promise<Broker> {
  const broker = await startExternal({ url: server.url, ...server.credentials, pki, log: (_level, event, fields) => void logged.push(`${event} ${JSON.stringify(fields)}`) });
  broker.onReady(() => void ready.push(by));
  broker.onMessage(async (message) => {
    received.push({ ...message, by });
    await handle(message);
  });
  brokers[by] = broker;
  await until(() => broker.statistics().connections === LANES, "all lanes connected");
  return broker;
}

test.before(async () => {
  pki = await memoryPki();
  server = await MosquittoServer.start(pki);
  at = { host: "127.0.0.1", port: server.gatewayPort, ca: pki.caPem };
  await join_(0);
  await until(() => ready.length > 0, "the first reading of what is retained is over", 10_000);
});
test.before.each(() => {
  received.length = 0;
  handle = async () => {};
});
test.after(async () => {
  await Promise.all(brokers.map((broker) => broker.close()));
  await server.stop();
});

test("messages come up, documents go down and are retained", async () => {
  const attic = await enrol(pki, "attic");
  const client = await connect(own(at, attic));
  await client.publishAsync(topicOf("home", "attic", "hello"), "hello", { qos: 1 });
  await until(() => received.length === 1, "message");
  assert.equal({ ...received[0]!, payload: String(received[0]!.payload) }, { network: "home", gateway: "attic", channel: "hello", payload: "hello", retained: false, by: 0 });
  await brokers[0]!.publish(topicOf("home", "attic", "desired"), Buffer.from("policy"), { retain: true });
  const got: string[] = [];
  client.on("message", (topic, payload) => got.push(`${topic} ${payload}`));
  await client.subscribeAsync(topicOf("home", "attic", "desired"), { qos: 1 });
  await until(() => got.length === 1, "document");
  assert.equal(got, ["securebox/1/home/attic/desired policy"]);
  client.end(true);
});

for (const channel of ["ask", "event"] as const)
  test(`what is published while ${channel} is handled is acknowledged at once: handling may wait for it`, async () => {
    const client = await connect(own(at, await enrol(pki, "attic")));
    const done: string[] = [];
    handle = ({ payload }) => brokers[0]!.publish(topicOf("home", "attic", "tell"), Buffer.from("answer"), { retain: false }).then(() => void done.push(String(payload)), (error: Error) => void done.push(error.message));
    for (let i = 0; i < 10; i++) await client.publishAsync(topicOf("home", "attic", channel), `${i}`, { qos: channel === "ask" ? 0 : 1 });
    await until(() => done.length === 10, `ten answers; there are ${done.join(", ")}`, 30_000);
    assert.equal(done.sort(), Array.from({ length: 10 }, (_, i) => `${i}`));
    client.end(true);
  });

test("a message whose handling failed comes again by the way of what is retained", async () => {
  const client = await connect(own(at, await enrol(pki, "attic")));
  let failures = 0;
  handle = async ({ channel }) => { if (channel === "reported" && failures++ === 0) throw new Error("the database is away"); };
  await client.publishAsync(topicOf("home", "attic", "reported"), "state", { qos: 1, retain: true });
  await until(() => failures >= 2, "second try", 10_000);
  assert.is(received.at(-1)?.retained, true);
  client.end(true);
});

test("after a restart of the broker the connection comes back and the fleet is asked to compare", async () => {
  await until(() => brokers[0]!.connected, "connected", 10_000);
  ready.length = 0;
  await server.kill();
  await until(() => !brokers[0]!.connected, "noticed");
  await rejects(brokers[0]!.publish(topicOf("home", "attic", "desired"), Buffer.from("x"), { retain: true }), /not connected/);
  await server.restart();
  await until(() => ready.length === 2, "ready, before and after what is retained was read", 20_000);
  assert.ok(brokers[0]!.connected);
  assert.ok(logged.some((line) => line.startsWith("broker.trouble")) && logged.some((line) => line.startsWith("broker.connected")), logged.join("\n"));
});

test("what is retained is read at each new connection", async () => {
  const client = await connect(own(at, await enrol(pki, "attic")));
  await client.publishAsync(topicOf("home", "attic", "reported"), "kept", { qos: 1, retain: true });
  await until(() => received.length === 1, "live");
  received.length = 0;
  await join_(1);
  await until(() => received.some(({ retained }) => retained), "retained");
  assert.equal(received.map(({ by, payload, retained }) => ({ by, payload: String(payload), retained })), [{ by: 1, payload: "kept", retained: true }]);
  client.end(true);
});

test("what is retained is read to its end, though handling one message takes longer than the pause that tells of the end", async () => {
  const names = ["shed", "barn"];
  for (const name of names) {
    const client = await connect(own(at, await enrol(pki, name)));
    await client.publishAsync(topicOf("home", name, "reported"), "kept", { qos: 1, retain: true });
    client.end(true);
  }
  await until(() => received.length === names.length, "live");
  handle = async ({ retained, gateway }) => { if (retained && names.includes(gateway)) await wait(2_500); };
  [received.length, ready.length, logged.length] = [0, 0, 0];
  const broker = await join_(2);
  await until(() => ready.includes(2), "ready", 20_000);
  await broker.close();
  brokers.length = 2;
  assert.equal(received.filter(({ by, gateway }) => by === 2 && names.includes(gateway)).map(({ gateway }) => gateway).sort(), [...names].sort());
  assert.equal(logged.filter((line) => line.startsWith("broker.retained")), []);
});

test("two processes share the work, and one that dies leaves it to the other", async () => {
  await until(() => brokers.every((broker) => broker.statistics().connections === LANES), "both connected", 15_000);
  await wait(2_500); // the second's reading of what is retained is over
  received.length = 0;
  const client = await connect(own(at, await enrol(pki, "attic")));
  for (let i = 0; i < 40; i++) await client.publishAsync(topicOf("home", "attic", "event"), `${i}`, { qos: 1 });
  await until(() => received.length >= 40, "all of them");
  await wait(200);
  assert.is(received.length, 40, "each once");
  assert.equal(new Set(received.map(({ by }) => by)), new Set([0, 1]));
  await brokers[1]!.close();
  received.length = 0;
  for (let i = 0; i < 20; i++) await client.publishAsync(topicOf("home", "attic", "event"), `${i}`, { qos: 1 });
  await until(() => received.length === 20, "all by the first");
  assert.ok(received.every(({ by }) => by === 0));
  client.end(true);
});

test("a gateway's certificate does not open the backend's listener", async () => {
  const attic = await enrol(pki, "attic");
  await rejects(connect({ ...own(at, attic), port: server.backendPort }), /./);
});

async function rejects(promise: Promise<unknown>, pattern: RegExp): Promise<void> {
  try {
    await promise;
  } catch (error) {
    return assert.match(String((error as Error).message || "closed"), pattern);
  }
  assert.unreachable("expected a refusal");
}

attempts(test, () => ({
  at, pki, received, refused: [], strict: false, publish: (topic: string) => brokers[0]!.publish(topic, Buffer.from("secret"), { retain: true }),
  async revoke({ certificate, gateway }) {
    await pki.database.query("INSERT INTO revoked_certificates (serial, gateway, not_after, reason) VALUES ($1, $2, $3, 'test')", [certificate.serial, gateway, certificate.notAfter]);
    writeFileSync(join(server.directory, "crl.pem"), await pki.crl());
    await server.reload();
  },
}));

test.run();
