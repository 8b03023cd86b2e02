// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Address, Stream } from "quickjs-ts";
import { platform } from "quickjs-ts/platform";
import { bytes, pair, Recorder, scratch, until } from "./lib/streams.ts";

const test = suite("stream");
const { net } = platform;
const directory = scratch("stream");
const families: [string, Address][] = [["tcp over IPv4", { host: "127.0.0.1", port: 0 }], ["tcp over IPv6", { host: "::1", port: 0 }], ["unix", { unix: `${directory}/socket` }]];

for (const [family, address] of families) {
  test(`${family}: bytes go both ways, each half ends by itself, close comes last and once`, async () => {
    const { client, server, clientSide, serverSide, close } = await pair(address);
    client.write(bytes("ping"));
    client.end();
    await until(() => serverSide.calls.includes("end"), "the end of the client's half");
    assert.is(serverSide.text, "ping");
    assert.is(serverSide.closed, false);
    server.write(bytes("pong"));
    server.end();
    await until(() => clientSide.closed && serverSide.closed, "both to close");
    assert.is(clientSide.text, "pong");
    assert.equal(clientSide.calls, ["open", "data", "end", "close"]);
    assert.equal(serverSide.calls, ["open", "data", "end", "close"]);
    assert.is(clientSide.error, undefined);
    close();
  });

  test(`${family}: a receiver that pauses slows the sender down, nothing is lost or reordered`, async () => {
    const total = 8 << 20;
    const { client, server, serverSide, clientSide, close } = await pair(address);
    serverSide.keep = false;
    server.pause();
    let [sent, expected, highest] = [0, 0, 0];
    serverSide.onData = (chunk) => {
      for (let at = 0; at < chunk.length; at += 997) if (chunk[at] !== ((expected + at) >> 14 & 255)) throw new Error(`wrong byte at ${expected + at}`);
      expected += chunk.length;
    };
    const send = () => {
      for (let room = true; room && sent < total;) {
        const chunk = new Uint8Array(16_384).fill(sent >> 14 & 255);
        sent += chunk.length;
        room = client.write(chunk);
        highest = Math.max(highest, client.queued);
      }
    };
    clientSide.drain = send;
    send();
    await new Promise<void>((resolve) => platform.timers.after(200, resolve));
    assert.ok(sent < total / 1.5, `the sender went on to ${sent} bytes while the receiver was paused`);
    assert.is(serverSide.size, 0);
    server.resume();
    await until(() => serverSide.size === total, "all bytes", 30_000);
    assert.ok(highest <= 65_536 + 16_384, `queued ${highest}`);
    close();
  });
}

test("write says false above the high-water mark, and drain comes once below", async () => {
  const { client, server, clientSide, serverSide, close } = await pair({ host: "127.0.0.1", port: 0 }, { highWaterMark: 1_000 });
  serverSide.keep = false;
  server.pause();
  assert.is(client.write(new Uint8Array(900)), true);
  assert.is(client.write(new Uint8Array(8 << 20)), false); // more than the kernel takes
  assert.ok(client.queued > 1_000);
  await new Promise<void>((resolve) => platform.timers.after(50, resolve));
  assert.is(clientSide.count("drain"), 0);
  server.resume();
  await until(() => clientSide.calls.includes("drain"), "drain");
  assert.is(client.queued, 0);
  assert.is(clientSide.count("drain"), 1);
  assert.is(client.write(new Uint8Array(10)), true);
  close();
});

test("what is written before the connection stands is sent once it does", async () => {
  const serverSide = new Recorder();
  const listener = net.listen({ host: "127.0.0.1", port: 0 }, () => serverSide);
  const client = net.connect(listener.address, new Recorder());
  client.write(bytes("early"));
  client.end();
  await until(() => serverSide.calls.includes("end"), "the bytes");
  assert.is(serverSide.text, "early");
  listener.close();
  client.destroy();
});

test("handlers are never called inside a call into the stream", async () => {
  let inside = false;
  const calls: string[] = [];
  const check = (name: string) => { calls.push(name); if (inside) throw new Error(`${name} inside a call`); };
  inside = true;
  const client = net.connect({ unix: `${directory}/none` }, { data() {}, close: () => check("close") });
  client.destroy();
  client.destroy();
  inside = false;
  await until(() => calls.length > 0, "close");
  await new Promise<void>((resolve) => platform.timers.after(20, resolve));
  assert.equal(calls, ["close"]);
});

for (const [what, address, code] of [
  ["a port where nobody listens", { host: "127.0.0.1", port: 1 }, "ECONNREFUSED"],
  ["a socket file that is not there", { unix: `${directory}/none` }, "ENOENT"],
  ["a name that does not exist", { host: "no-such-name.invalid", port: 1 }, "ENOTFOUND"],
] as [string, Address, string][]) {
  test(`${what}: closes with ${code}, without open`, async () => {
    const recorder = new Recorder();
    net.connect(address, recorder);
    await until(() => recorder.closed, "close");
    assert.equal(recorder.calls, ["close"]);
    assert.is(recorder.error?.code, code);
    assert.is(recorder.error?.name, "PlatformError");
    assert.match(recorder.error!.message, "unix" in address ? address.unix : `${address.host}:${address.port}`);
  });
}

test("a connection that gets no answer closes with ETIMEDOUT at its deadline", async () => {
  const listener = net.listen({ unix: `${directory}/full` }, (stream) => { held.push(stream); return new Recorder(); });
  const held: Stream[] = [];
  const recorder = new Recorder();
  const start = platform.time.now();
  net.connect({ host: "127.0.0.1", port: await blackhole() }, recorder, { timeout: 150 });
  await until(() => recorder.closed, "close");
  assert.is(recorder.error?.code, "ETIMEDOUT");
  assert.ok(platform.time.now() - start >= 149 && platform.time.now() - start < 2_000);
  listener.close();
});

/** A port whose accept queue is full: python listens with a backlog of 0 and never accepts. Returns the port. */
function blackhole(): Promise<number> {
  return new Promise((resolve) => {
    const program = "import socket,time\ns=socket.socket();s.bind(('127.0.0.1',0));s.listen(0)\nc=[]\nfor i in range(4):\n x=socket.socket();x.setblocking(False);x.connect_ex(s.getsockname());c.append(x)\nprint(s.getsockname()[1],flush=True);time.sleep(5)";
    platform.processes.spawn(["python3", "-c", program], { stdout: (chunk) => resolve(Number(new TextDecoder().decode(chunk))), exit() {} });
  });
}

test("a peer that resets gives an error", async () => {
  const { client, server, clientSide, close } = await pair({ host: "127.0.0.1", port: 0 });
  client.write(new Uint8Array(100_000));
  server.pause();
  await new Promise<void>((resolve) => platform.timers.after(50, resolve));
  server.destroy(); // with bytes unread: the kernel resets
  await until(() => clientSide.closed || clientSide.calls.includes("end"), "the reset");
  client.write(new Uint8Array(10));
  await until(() => clientSide.closed, "close");
  assert.ok(["ECONNRESET", "EPIPE"].includes(clientSide.error?.code ?? ""), String(clientSide.error));
  close();
});

test("destroy inside a data handler stops delivery at once", async () => {
  const { client, server, serverSide, close } = await pair({ host: "127.0.0.1", port: 0 });
  serverSide.onData = () => server.destroy();
  client.write(new Uint8Array(300_000));
  await until(() => serverSide.closed, "close");
  assert.is(serverSide.count("data"), 1);
  assert.is(server.write(bytes("x")), false);
  close();
});

test("listening: an address in use is refused, a stale socket file replaced, a live one kept, its mode as asked", async () => {
  const path = `${directory}/listener`;
  const first = net.listen({ unix: path }, () => new Recorder(), { mode: 0o660 });
  assert.throws(() => net.listen({ unix: path }, () => new Recorder()), (error: { code: string }) => error.code === "EADDRINUSE");
  assert.is(platform.files.status(path)?.kind, "socket");
  first.close();
  const tcp = net.listen({ host: "127.0.0.1", port: 0 }, () => new Recorder());
  assert.throws(() => net.listen(tcp.address, () => new Recorder()), (error: { code: string }) => error.code === "EADDRINUSE");
  tcp.close();
  await new Promise<void>((resolve) => {
    const leave = `import socket;s=socket.socket(socket.AF_UNIX);s.bind(${JSON.stringify(path)});s.listen(1)`;
    platform.processes.spawn(["python3", "-c", leave], { exit: () => resolve() });
  });
  assert.is(platform.files.status(path)?.kind, "socket");
  const again = net.listen({ unix: path }, () => new Recorder());
  again.close();
  assert.is(platform.files.status(path), undefined);
});

test("more than 1024 descriptors work", async () => {
  const serverSides: Stream[] = [];
  const recorder = new Recorder();
  recorder.keep = false;
  const listener = net.listen({ unix: `${directory}/many` }, (stream) => { serverSides.push(stream); return recorder; });
  const clients: Stream[] = [];
  let opened = 0;
  for (let batch = 100; batch <= 700; batch += 100) { // a unix socket refuses more than its backlog at a time
    while (clients.length < batch) clients.push(net.connect(listener.address, { open: () => void opened++, data() {}, close() {} }));
    await until(() => opened === batch && serverSides.length === batch, `${batch} connections`);
  }
  for (const client of clients) client.write(bytes("x"));
  await until(() => recorder.size === 700, "a byte from each");
  for (const stream of [...clients, ...serverSides]) stream.destroy();
  listener.close();
});

test.run();
