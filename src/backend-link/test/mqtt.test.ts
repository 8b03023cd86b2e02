// SPDX-License-Identifier: Apache-2.0
// Connections to a real Mosquitto and a real aedes, over TLS with client certificates, and to brokers that misbehave (stand-ins of a few bytes).
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Stream } from "quickjs-ts";
import { platform } from "quickjs-ts/platform";
import { makeCertificates } from "../../../packages/quickjs-ts/test/lib/certificates.ts";
import { bytes, Recorder, scratch, until } from "../../../packages/quickjs-ts/test/lib/streams.ts";
import { connectMqtt } from "../mqtt/connect.ts";
import { FrameGuard } from "../mqtt/frames.ts";
import type { MqttConnection, MqttOptions } from "../types.ts";

const { files, net, processes, timers } = platform;
const test = suite<{ port: number; end: () => Promise<void> }>("mqtt");
const directory = scratch("mqtt");
const pem = (name: string): string => files.readText(`${directory}/${name}`);
const text = (data: Uint8Array): string => new TextDecoder().decode(data);
const sleep = (millis: number): Promise<void> => new Promise((resolve) => void timers.after(millis, resolve));

function freePort(): number {
  const probe = net.listen({ host: "127.0.0.1", port: 0 }, () => new Recorder());
  const { port } = probe.address as { port: number };
  probe.close();
  return port;
}

test.before(async (context) => {
  await makeCertificates(directory);
  const port = (context.port = freePort());
  files.replace(`${directory}/acl`, "topic readwrite a/#\ntopic read secret/#\n");
  files.replace(`${directory}/mosquitto.conf`, `listener ${port} 127.0.0.1
cafile ${directory}/ca.crt
certfile ${directory}/good.crt
keyfile ${directory}/good.key
require_certificate true
acl_file ${directory}/acl
allow_anonymous true
user root
message_size_limit 2000000
`);
  let ended = false;
  const child = processes.spawn(["mosquitto", "-c", `${directory}/mosquitto.conf`], { stdout: () => {}, stderr: () => {}, exit: () => { ended = true; } }, {});
  let up = false;
  for (let i = 0; !up && i < 200; i++) {
    const probe = new Recorder();
    const stream = net.connect({ host: "127.0.0.1", port }, probe);
    await until(() => probe.calls.includes("open") || probe.closed, "a connection");
    up = !probe.closed;
    stream.destroy();
    if (!up) await sleep(20);
  }
  assert.ok(up && !ended, "mosquitto does not listen");
  context.end = async () => {
    child.kill("SIGTERM");
    await until(() => ended, "mosquitto's end");
  };
});
test.after(({ end }) => end?.());

class Client {
  readonly log: string[] = [];
  readonly sizes: number[] = [];
  closed: string | undefined;
  readonly connection: MqttConnection;

  constructor(port: number, clientId: string, more: Partial<MqttOptions> = {}) {
    const tls = { ca: pem("ca.crt"), certificate: pem("client.crt"), key: pem("client.key"), validAt: { now: platform.time.date() } };
    this.connection = connectMqtt({ ...platform, tls: named })({
      host: "127.0.0.1", port, tls, clientId, keepAlive: 30, timeout: 4000, maxPacket: 100_000, will: { topic: `a/will/${clientId}`, payload: bytes("gone") }, ...more,
    }, {
      connected: (sessionPresent) => this.log.push(`connected ${sessionPresent}`), received: () => { this.packets++; },
      message: (topic, payload, retained) => {
        this.sizes.push(payload.length);
        this.log.push(`${topic} ${text(payload).slice(0, 40)} ${retained ? "retained" : "live"}`);
      },
      closed: (reason) => { this.closed = reason; },
    });
  }
  packets = 0;

  async up(): Promise<this> {
    await until(() => this.log.length > 0 || this.closed !== undefined, "the connection");
    assert.is(this.closed, undefined);
    return this;
  }
  subscribe(...topics: string[]): Promise<string | undefined> { return new Promise((resolve) => this.connection.subscribe(topics, resolve)); }
  publish(topic: string, payload: string | Uint8Array, qos: 0 | 1 = 1, retain = false): Promise<string | undefined> {
    return new Promise((resolve) => this.connection.publish(topic, typeof payload === "string" ? bytes(payload) : payload, { qos, retain }, resolve));
  }
  heard(line: string): Promise<void> { return until(() => this.log.includes(line), line); }
  ended(): Promise<void> { return until(() => this.closed !== undefined, "the end"); }
}
/** The server's certificate is for gateway.test. */
const named: typeof platform.tls = { versions: platform.tls.versions, connect: (address, handlers, options) => platform.tls.connect(address, handlers, { ...options, serverName: "gateway.test" }) };

/** Bytes go both ways until it is silenced: then they vanish, and neither end is told. */
function lineTo(port: number): { port: number; silence(): void; close(): void } {
  const streams: Stream[] = [];
  let silent = false;
  const listener = net.listen({ host: "127.0.0.1", port: 0 }, (near) => {
    const far = net.connect({ host: "127.0.0.1", port }, { data: (chunk) => void (silent || near.write(chunk)), close: () => silent || near.destroy() });
    streams.push(near, far);
    return { data: (chunk) => void (silent || far.write(chunk)), close: () => silent || far.destroy() };
  });
  return { port: (listener.address as { port: number }).port, silence: () => { silent = true; }, close: () => { listener.close(); streams.forEach((stream) => stream.destroy()); } };
}

async function startAedes(): Promise<{ port: number; end(): Promise<void> }> {
  let [said, ended] = ["", false];
  const listen = (chunk: Uint8Array): void => { said += text(chunk); };
  const child = processes.spawn(["node", "tools/run.mjs", "test/lab/aedes-broker.ts", directory], { stdout: listen, stderr: listen, exit: () => { ended = true; } });
  await until(() => ended || /listening \d+/.test(said), "aedes");
  assert.is(ended, false, said);
  return {
    port: Number(/listening (\d+)/.exec(said)![1]),
    end: async () => {
      child.kill("SIGTERM");
      await until(() => ended, "the end of aedes");
    },
  };
}

test("connects, subscribes, publishes with an acknowledgement, and hears", async ({ port }) => {
  const client = await new Client(port, "one").up();
  assert.equal(client.log, ["connected false"]);
  assert.is(await client.subscribe("a/b"), undefined);
  assert.is(await client.publish("a/b", "hello wörld"), undefined);
  await client.heard("a/b hello wörld live");
  assert.is(await client.publish("a/b", new Uint8Array(0), 0), undefined);
  await client.heard("a/b  live");
  const before = client.packets;
  client.connection.ping();
  await until(() => client.packets > before, "PINGRESP");
  client.connection.end();
  await client.ended();
});

test("what is retained comes with the subscription, marked", async ({ port }) => {
  const client = await new Client(port, "retains").up();
  await client.publish("a/state", "kept", 1, true);
  await client.subscribe("a/state");
  await client.heard("a/state kept retained");
  client.connection.destroy();
  await client.ended();
});

test("the last will is told when the connection is cut, and not after a clean end", async ({ port }) => {
  const watcher = await new Client(port, "watcher").up();
  await watcher.subscribe("a/will/+");
  const clean = await new Client(port, "clean").up();
  clean.connection.end();
  await clean.ended();
  const cut = await new Client(port, "cut").up();
  cut.connection.destroy();
  await watcher.heard("a/will/cut gone live");
  assert.not.ok(watcher.log.includes("a/will/clean gone live"));
  watcher.connection.end();
  await watcher.ended();
});

test("who connects under the same name takes over", async ({ port }) => {
  const first = await new Client(port, "same").up();
  const second = await new Client(port, "same").up();
  await first.ended();
  assert.is(second.closed, undefined);
  second.connection.end();
  await second.ended();
});

test("a subscription that the broker refuses is told", async ({ port }) => {
  const client = await new Client(port, "curious").up();
  // Mosquitto grants filters and then delivers nothing; what it refuses is a filter that is none.
  assert.match(String(await client.subscribe("a/#/b")), /refused|invalid|topic/i);
  client.connection.destroy();
  await client.ended();
});

for (const [most, size] of [[5000, 60_000], [1_000_000, 1_500_000]] as const) {
  test(`a packet that is too large ends the connection before it is read: ${size} bytes`, async ({ port }) => {
    const [small, large] = [await new Client(port, "small", { maxPacket: most }).up(), await new Client(port, "large").up()];
    await small.subscribe("a/large");
    await large.publish("a/large", new Uint8Array(size));
    await small.ended();
    assert.match(small.closed!, new RegExp(`a packet of ${String(size).slice(0, -3)}\\d{3} bytes; at most ${most} are read`));
    assert.equal(small.log, ["connected false"]);
    large.connection.end();
    await large.ended();
  });
}

test("a message that is large and allowed arrives whole", async ({ port }) => {
  const client = await new Client(port, "whole", { maxPacket: 1_100_000 }).up();
  await client.subscribe("a/whole");
  assert.is(await client.publish("a/whole", bytes("x".repeat(1_000_000))), undefined);
  await client.heard(`a/whole ${"x".repeat(40)} live`);
  assert.is(client.sizes.at(-1), 1_000_000);
  client.connection.end();
  await client.ended();
});

test("a line to the broker that falls silent is noticed by keep-alive", async ({ port }) => {
  const line = lineTo(port);
  const client = await new Client(line.port, "half-open", { keepAlive: 1 }).up();
  await sleep(1600);
  assert.is(client.closed, undefined, "while the broker answers");
  line.silence();
  const start = platform.time.now();
  await client.ended();
  assert.match(client.closed!, /keepalive/i);
  assert.ok(platform.time.now() - start < 2500, `${platform.time.now() - start} ms`);
  line.close();
});

test("aedes: subscriptions granted and refused, QoS 1, the will, take-over", async () => {
  const aedes = await startAedes();
  const watcher = await new Client(aedes.port, "watcher").up();
  assert.is(await watcher.subscribe("a/will/+"), undefined);
  assert.match(String(await watcher.subscribe("secret/x")), /refused the subscription/);
  assert.match(String(await watcher.subscribe("a/b", "secret/x")), /refused the subscription/);
  const first = await new Client(aedes.port, "same").up();
  assert.is(await first.publish("a/will/said", "yes"), undefined);
  await watcher.heard("a/will/said yes live");
  const second = await new Client(aedes.port, "same").up();
  await first.ended();
  const clean = await new Client(aedes.port, "clean").up();
  clean.connection.end();
  await clean.ended();
  second.connection.destroy();
  const cut = await new Client(aedes.port, "cut").up();
  cut.connection.destroy();
  await watcher.heard("a/will/cut gone live");
  assert.not.ok(watcher.log.includes("a/will/clean gone live"));
  watcher.connection.end();
  await watcher.ended();
  await aedes.end();
});

test("a broker of an authority that we do not know, and one that wants a certificate that we lack", async ({ port }) => {
  const stranger = new Client(port, "x", { tls: { ca: pem("other.crt"), certificate: pem("client.crt"), key: pem("client.key"), validAt: { now: platform.time.date() } } });
  await stranger.ended();
  assert.match(stranger.closed!, /trust|signed/i);
  const closed = await new Promise<string>((resolve) => void connectMqtt({ ...platform, tls: { ...named, connect: (address, handlers, { certificate, key, ...rest }) => named.connect(address, handlers, rest) } })(
    { host: "127.0.0.1", port, tls: { ca: pem("ca.crt"), certificate: "", key: "", validAt: { notBefore: 0 } }, clientId: "y", keepAlive: 30, timeout: 4000, maxPacket: 1000, will: { topic: "w", payload: bytes("") } },
    { connected: () => resolve("connected"), received: () => {}, message: () => {}, closed: resolve }));
  assert.is.not(closed, "connected");
});

/** Answers each connection with these bytes once something came, and listens silently from then on. */
function broker(answer: (received: Uint8Array) => Uint8Array | undefined): { port: number; close(): void; streams: Stream[] } {
  const streams: Stream[] = [];
  const listener = net.listen({ host: "127.0.0.1", port: 0 }, (stream) => {
    streams.push(stream);
    return { data: (chunk) => { const reply = answer(chunk); if (reply) stream.write(reply); }, close: () => {} };
  });
  return { port: (listener.address as { port: number }).port, streams, close: () => { listener.close(); streams.forEach((stream) => stream.destroy()); } };
}
const CONNACK = Uint8Array.of(0x20, 2, 0, 0);
const plain = { tls: undefined } as const;

for (const [code, reason] of [[1, /protocol version/i], [2, /identifier rejected/i], [3, /server unavailable/i], [4, /user ?name or password/i], [5, /not authorized/i]] as const) {
  test(`CONNACK ${code} is told in words`, async () => {
    const fake = broker(() => Uint8Array.of(0x20, 2, 0, code));
    const client = new Client(fake.port, "z", plain);
    await client.ended();
    assert.match(client.closed!, reason);
    fake.close();
  });
}

test("a broker that never answers CONNECT meets the deadline", async () => {
  const fake = broker(() => undefined);
  const client = new Client(fake.port, "z", { ...plain, timeout: 300 });
  await client.ended();
  assert.match(client.closed!, /connack timeout|timed out/i);
  fake.close();
});

test("keep-alive notices a broker that has fallen silent", async () => {
  let first = true;
  const fake = broker(() => { const answer = first ? CONNACK : undefined; first = false; return answer; });
  const client = await new Client(fake.port, "z", { ...plain, keepAlive: 1 }).up();
  const start = platform.time.now();
  await client.ended();
  const took = platform.time.now() - start;
  assert.ok(took > 900 && took < 2500, `${took} ms`);
  assert.match(client.closed!, /keepalive/i);
  fake.close();
});

for (const [what, garbage] of [["text", bytes("HTTP/1.1 400 Bad Request\r\n\r\n")], ["a length without end", Uint8Array.of(0x30, 255, 255, 255, 255, 255)], ["a packet of type 0", Uint8Array.of(0, 2, 0, 0)],
  ["a PUBLISH before CONNACK that is cut short", Uint8Array.of(0x30, 3, 0, 200, 65)]] as const) {
  test(`garbage instead of CONNACK ends the connection: ${what}`, async () => {
    const fake = broker(() => garbage);
    const client = new Client(fake.port, "z", { ...plain, timeout: 1000 });
    await client.ended();
    assert.equal(client.log, []);
    fake.close();
  });
}

test("what the socket does not take yet is counted", async () => {
  let first = true;
  const fake = broker(() => { const answer = first ? CONNACK : undefined; first = false; return answer; });
  const client = await new Client(fake.port, "z", plain).up();
  fake.streams[0]!.pause();
  for (let i = 0; i < 200; i++) client.connection.publish("a", new Uint8Array(50_000), { qos: 0, retain: false });
  await until(() => client.connection.queued > 1_000_000, "bytes in the queue");
  client.connection.destroy();
  await client.ended();
  fake.close();
});

test("packets are measured at every split of their bytes", () => {
  const stream = Uint8Array.of(0xd0, 0, 0x30, 5, 0, 1, 97, 1, 2, 0x30, 0x80, 1, ...new Uint8Array(128), 0xd0, 0);
  for (let split = 0; split <= stream.length; split++) {
    const guard = new FrameGuard(128);
    assert.is(guard.check(stream.subarray(0, split)) ?? guard.check(stream.subarray(split)), undefined, `split at ${split}`);
    const strict = new FrameGuard(127);
    assert.match(String(strict.check(stream.subarray(0, split)) ?? strict.check(stream.subarray(split))), /128 bytes/, `split at ${split}`);
  }
});

test.run();
