// SPDX-License-Identifier: Apache-2.0
/* The fakes keep the promises of the ports, on their own clock. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Stream } from "quickjs-ts";
import { FakePlatform } from "quickjs-ts/fake";
import { platform } from "quickjs-ts/platform";
import { bytes, Recorder } from "./lib/streams.ts";

const test = suite("fake");
const machine = (): FakePlatform => new FakePlatform(platform.crypto);

function connected(fake: FakePlatform, highWaterMark = 65_536) {
  const [clientSide, serverSide] = [new Recorder(), new Recorder()];
  let server: Stream | undefined;
  const listener = fake.net.listen({ host: "10.0.0.1", port: 80 }, (stream) => { server = stream; return serverSide; });
  const client = fake.net.connect(listener.address, clientSide, { highWaterMark });
  return { client, clientSide, serverSide, server: () => server! };
}

test("time stands still until advanced; timers fire in order, with promise jobs in between", async () => {
  const { time } = machine();
  const order: string[] = [];
  time.after(20, () => order.push(`b ${time.now()}`));
  time.after(10, () => { order.push(`a ${time.now()}`); void Promise.resolve().then(() => order.push("job")); });
  const ticker = time.every(8, () => order.push("tick"));
  await time.advance(9);
  assert.equal(order, ["tick"]);
  await time.advance(11);
  ticker.cancel();
  await time.advance(1_000);
  assert.equal(order, ["tick", "a 10", "job", "tick", "b 20"]);
  assert.is(time.armed, 0);
});

test("bytes cross with the latency set, halves end by themselves, close comes last", async () => {
  const fake = machine();
  fake.net.latency = 5;
  const { client, clientSide, serverSide, server } = connected(fake);
  client.write(bytes("ping"));
  client.end();
  await fake.time.advance(4);
  assert.equal([clientSide.calls, serverSide.calls], [[], []]);
  await fake.time.advance(50);
  assert.equal([serverSide.text, serverSide.calls], ["ping", ["open", "data", "end"]]);
  server().write(bytes("pong"));
  server().end();
  await fake.time.advance(50);
  assert.equal([clientSide.text, clientSide.calls], ["pong", ["open", "data", "end", "close"]]);
  assert.is(serverSide.count("close"), 1);
});

test("a paused receiver fills the sender's queue; drain comes when it reads on", async () => {
  const fake = machine();
  const { client, clientSide, serverSide, server } = connected(fake, 1_000);
  await fake.time.advance(1);
  server().pause();
  assert.is(client.write(new Uint8Array(900)), true);
  assert.is(client.write(new Uint8Array(200)), false);
  await fake.time.advance(100);
  assert.equal([client.queued, clientSide.count("drain")], [1_100, 0]);
  server().resume();
  await fake.time.advance(1);
  assert.equal([client.queued, clientSide.count("drain"), serverSide.size], [0, 1, 1_100]);
});

test("nobody listening, silence, a break and a TLS refusal each close with their code", async () => {
  const fake = machine();
  fake.net.silent.add("10.0.0.9:1");
  fake.tls.rejected.set("bad.test", "expired");
  const [refused, late, broken, untrusted] = [new Recorder(), new Recorder(), new Recorder(), new Recorder()];
  fake.net.connect({ host: "10.0.0.2", port: 1 }, refused);
  fake.net.connect({ host: "10.0.0.9", port: 1 }, late, { timeout: 100 });
  fake.tls.connect({ host: "bad.test", port: 1 }, untrusted, { ca: "" });
  const { client } = connected(fake);
  client.handlers = broken;
  await fake.time.advance(99);
  assert.is(late.closed, false);
  client.peer!.destroy();
  await fake.time.advance(5);
  assert.equal([refused.error?.code, late.error?.code, untrusted.error?.code], ["ECONNREFUSED", "ETIMEDOUT", "ETLS"]);
  assert.equal([broken.calls.includes("end"), broken.closed], [true, false]);
});

test("a full disk keeps the old file; a watch hears of each change", async () => {
  const fake = machine();
  fake.files.makeDirectory("/etc/securebox");
  fake.files.replace("/etc/securebox/policy", "old");
  let changes = 0;
  const watch = fake.files.watch("/etc/securebox/policy", () => changes++);
  fake.files.capacity = 10;
  assert.throws(() => fake.files.replace("/etc/securebox/policy", "much too long"), (error: { code: string }) => error.code === "ENOSPC");
  await fake.time.advance(1);
  assert.equal([fake.files.readText("/etc/securebox/policy"), changes], ["old", 0]);
  fake.files.replace("/etc/securebox/policy", "new");
  await fake.time.advance(1);
  assert.is(changes, 1);
  watch.close();
  fake.files.remove("/etc/securebox/policy");
  await fake.time.advance(1);
  assert.is(changes, 1);
  assert.equal(fake.files.list("/etc/securebox"), []);
});

test("datagrams arrive, or are lost when the test says so; programs and signals are scripted", async () => {
  const fake = machine();
  const received: string[] = [];
  const socket = fake.net.datagram({ host: "10.0.0.1", port: 53 }, ({ data, host, port }) => received.push(`${data.length} ${host}:${port}`));
  const sender = fake.net.datagram({ host: "10.0.0.2", port: 1_000 }, () => {});
  sender.send(new Uint8Array(3), "10.0.0.1", socket.port);
  fake.net.loses = () => true;
  sender.send(new Uint8Array(4), "10.0.0.1", socket.port);
  fake.processes.programs.set("tool", (child) => child.handlers.exit(child.argv.length, null));
  const codes: (number | null)[] = [];
  fake.processes.spawn(["tool", "x"], { exit: (code) => codes.push(code) });
  assert.throws(() => fake.processes.spawn(["other"], { exit() {} }), (error: { code: string }) => error.code === "ENOENT");
  let terminated = 0;
  const stop = fake.signals.on("SIGTERM", () => terminated++);
  fake.signals.raise("SIGTERM");
  stop();
  fake.signals.raise("SIGTERM");
  await fake.time.advance(1);
  assert.equal([received, codes, terminated], [["3 10.0.0.2:1000"], [2], 1]);
});

test.run();
