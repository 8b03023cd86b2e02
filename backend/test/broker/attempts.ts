// SPDX-License-Identifier: Apache-2.0
// What an enrolled or foreign client may try, against any broker that guards our topics. `strict`: the broker closes connections and tells of refusals (the embedded one).
import { MAX_PAYLOAD, topicOf } from "@securebox/contract";
import { connect as openTcp, type Socket } from "node:net";
import { connect as openTls } from "node:tls";
import type { Test } from "uvu";
import * as assert from "uvu/assert";
import { makeAuthority, makeKeyPair } from "../../src/pki/x509.ts";
import type { OwnPki } from "../../src/pki/index.ts";
import type { UpMessage } from "../../src/ports.ts";
import { connect, enrol, memoryPki, own, refusalOf, until, wait, type Credentials, type Listening } from "./fixture.ts";

export interface Surroundings {
  at: Listening;
  pki: OwnPki;
  received: UpMessage[];
  refused: { action: string; message: string; target?: string }[];
  strict: boolean;
  revoke(credentials: Credentials): Promise<void>;
  /** As the backend, retained. */
  publish(topic: string): Promise<void>;
}

export function attempts(test: Test, here: () => Surroundings): void {
  const told = async (pattern: RegExp): Promise<void> => {
    const { refused, strict } = here();
    if (strict) await until(() => refused.some(({ action, message }) => pattern.test(`${action}: ${message}`)), `a refusal like ${pattern}; there are ${JSON.stringify(refused)}`);
  };

  for (const [name, network, gateway, channel] of [["another gateway's", "home", "victim", "reported"], ["another network's", "office", "mallory", "reported"], ["its own desired", "home", "mallory", "desired"], ["one more level below its own", "home", "mallory", "reported/x"]] as const)
    test(`publishing on ${name} topic reaches nobody`, async () => {
      const { at, pki, received } = here();
      const client = await connect(own(at, await enrol(pki, "mallory")));
      client.publish(topicOf(network, gateway, channel as "reported"), "forged", { qos: 1, retain: true });
      await wait(300);
      assert.equal(received.filter(({ network: n, payload }) => String(payload) === "forged" && (here().strict || n === "home")), []);
      await told(/publish: not a topic/);
      client.end(true);
    });

  const filters = ["#", "securebox/#", "securebox/1/+/+/desired", "securebox/1/home/victim/desired", "securebox/1/home/+/desired", "+/+/+/+/+", "$SYS/#", "$share/x/securebox/1/home/victim/desired", "$share/securebox-backend/securebox/1/+/+/reported", "securebox/1/home/mallory/#", "securebox/1/home/victim/reported"];
  test("subscribing to what is not its own brings nothing", async () => {
    const { at, pki, publish, strict, received } = here();
    const [mallory, victim] = [await connect(own(at, await enrol(pki, "mallory"))), await connect(own(at, await enrol(pki, "victim")))];
    const heard: string[] = [];
    mallory.on("message", (topic) => heard.push(topic));
    for (const filter of filters) {
      const granted = await mallory.subscribeAsync(filter, { qos: 1 }).catch((error: Error) => [{ qos: 128, topic: error.message }]);
      if (strict) assert.equal(granted.map(({ qos }) => qos), [128], filter);
    }
    await publish(topicOf("home", "victim", "desired"));
    await publish(topicOf("home", "victim", "tell"));
    await victim.publishAsync(topicOf("home", "victim", "reported"), "secret", { qos: 1 });
    await until(() => received.some(({ gateway, payload }) => gateway === "victim" && String(payload) === "secret"), "the victim is still heard by the backend");
    await wait(300);
    assert.equal(heard.filter((topic) => !topic.startsWith("securebox/1/home/mallory/")), []);
    await told(/subscribe: not a topic/);
    mallory.end(true);
    victim.end(true);
  });

  test("a last will on a foreign topic is never sent", async () => {
    const { at, pki, received } = here();
    const options = { ...own(at, await enrol(pki, "mallory")), will: { topic: topicOf("home", "victim", "presence"), payload: Buffer.from("dead"), qos: 1 as const, retain: true } };
    const client = await connect(options).catch(() => undefined);
    client?.stream.destroy();
    await wait(300);
    assert.equal(received.filter(({ payload }) => String(payload) === "dead"), []);
    await told(/will: the last will may only/);
    client?.end(true);
  });

  test("without a certificate there is no connection", async () => {
    const { at } = here();
    assert.type(await refusalOf({ ...own(at, { gateway: "attic", key: "", certificate: { pem: "" } } as Credentials), key: undefined, cert: undefined }), "string");
    await told(/connect: no client certificate/);
  });

  test("a revoked certificate is refused", async () => {
    const { at, pki, revoke } = here();
    const lost = await enrol(pki, "lost");
    assert.is(await refusalOf(own(at, lost)), undefined);
    await revoke(lost);
    assert.type(await refusalOf(own(at, lost)), "string");
    await told(/not accepted any more/);
  });

  test("an expired certificate is refused", async () => {
    const { at, pki } = here();
    const { key, csr } = await (await import("./fixture.ts")).makeRequest();
    const old = Object.create(pki, {}) as OwnPki;
    const certificate = await issueExpired(old, csr);
    const refusal = await refusalOf(own(at, { gateway: "attic", network: "home", key, certificate }));
    assert.match(refusal ?? "", /not authori[sz]ed|alert|certificate/i); // what makes a gateway ask for another
    await told(/has expired/);
  });

  test("a certificate of another authority is refused, though it names a gateway", async () => {
    const { at } = here();
    const foreign = await enrol(await memoryPki(), "attic");
    assert.type(await refusalOf(own(at, foreign)), "string");
    await told(/not from this backend's authority/);
  });

  test("a self-signed certificate is refused", async () => {
    const { at } = here();
    const pair = makeKeyPair();
    const pem = await makeAuthority("attic", pair, Date.now());
    assert.type(await refusalOf(own(at, { gateway: "attic", network: "home", key: pair.privateKey, certificate: { pem } as Credentials["certificate"] })), "string");
  });

  test("the backend's own server certificate is no client's", async () => {
    const { at, pki } = here();
    const { certificate, key } = await pki.serverCertificate();
    assert.type(await refusalOf(own(at, { gateway: "attic", network: "home", key, certificate: { pem: certificate } as Credentials["certificate"] })), "string");
  });

  test("another gateway's client identifier does not push that one out", async () => {
    const { at, pki } = here();
    const victim = await connect(own(at, await enrol(pki, "victim")));
    await refusalOf({ ...own(at, await enrol(pki, "mallory")), clientId: "victim" });
    await wait(200);
    assert.ok(victim.connected);
    await told(/connect: the client identifier has to be/);
    victim.end(true);
  });

  test("a payload above the limit closes the connection before it is read", async () => {
    const { at, pki, received } = here();
    const client = await connect(own(at, await enrol(pki, "mallory")));
    client.on("error", () => {});
    await client.publishAsync(topicOf("home", "mallory", "reported"), Buffer.alloc(MAX_PAYLOAD), { qos: 1 });
    await until(() => received.some(({ payload }) => payload.length === MAX_PAYLOAD), "one of just that size");
    client.publish(topicOf("home", "mallory", "reported"), Buffer.alloc(MAX_PAYLOAD + 1000), { qos: 1 });
    await until(() => !client.connected, "closed");
    assert.ok(received.every(({ payload }) => payload.length <= MAX_PAYLOAD));
    await told(/packet: a packet of \d+ bytes/);
    client.end(true);
  });

  test("garbage ends the connection and nothing else", async () => {
    const { at, pki } = here();
    const bystander = await connect(own(at, await enrol(pki, "bystander")));
    for (const bytes of ["GET / HTTP/1.1\r\n\r\n", "\x10\xff\xff\xff\xff\xff", "\x30\x05hello", "\x10\x00", "\x00\x00\x00\x00", "\x10\x0c\x00\x04MQTT\x09\x02\x00\x3c\x00\x00"])
      assert.ok(await closesAfter(at, await enrol(pki, "mallory"), Buffer.from(bytes, "latin1")), JSON.stringify(bytes));
    for (const bytes of ["GET / HTTP/1.1\r\n\r\n", "\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00"]) assert.ok(await closesRaw(at, Buffer.from(bytes, "latin1")), `without TLS: ${JSON.stringify(bytes)}`);
    assert.ok(bystander.connected);
    await told(/packet: the first byte is/);
    bystander.end(true);
  });

  test("500 connections that say nothing keep nobody out", async () => {
    const { at, pki, strict } = here();
    const sockets = await Promise.all(Array.from({ length: 500 }, () => rawSocket(at)));
    const start = Date.now();
    const client = await connect(own(at, await enrol(pki, "attic")));
    assert.ok(Date.now() - start < 2_000, `connected after ${Date.now() - start} ms`);
    if (strict) await until(() => sockets.every(({ destroyed }) => destroyed), "all closed by the broker");
    for (const socket of sockets) socket.destroy();
    client.end(true);
  });
}

async function issueExpired(pki: OwnPki, csr: string): Promise<Credentials["certificate"]> {
  const { issueClient } = await import("../../src/pki/x509.ts");
  const { checkRequest } = await import("../../src/pki/request.ts");
  const issuer = (pki as unknown as { issuer: Parameters<typeof issueClient>[0] }).issuer;
  return issueClient(issuer, (await checkRequest(csr)).publicKey, "attic", "home", Date.now() - 1_000, 500);
}

/** Whether the broker closes a TLS connection within 3 s after these bytes. */
function closesAfter(at: Listening, { key, certificate }: Credentials, bytes: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = openTls({ host: at.host, port: at.port, ca: at.ca, key, cert: certificate.pem }, () => socket.write(bytes));
    const timer = setTimeout(() => { socket.destroy(); resolve(false); }, 3_000);
    socket.resume().on("error", () => {}).once("close", () => { clearTimeout(timer); resolve(true); });
  });
}

async function closesRaw(at: Listening, bytes: Buffer): Promise<boolean> {
  const socket = await rawSocket(at);
  socket.write(bytes);
  const closed = await Promise.race([new Promise<true>((resolve) => socket.once("close", () => resolve(true))), wait(3_000)]);
  socket.destroy();
  return closed === true;
}

function rawSocket(at: Listening): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = openTcp(at.port, at.host, () => resolve(socket));
    socket.resume().on("error", reject);
  });
}
