// SPDX-License-Identifier: Apache-2.0
// The command `ubus` against objects of ubus-ts: OpenWrt's where OPENWRT_PREFIX names it, else our own (packages/ubus-ts/examples/ubus.ts), held to the same.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { method, StatusError, type UbusClient } from "ubus-ts";
import { prefix, startBus, type TestBus } from "../../packages/ubus-ts/test/bus.ts";
import { measureCalls } from "../../bench/ubus.ts";
import { bundle } from "../../tools/bundle.mjs";
import { until } from "../lab/command.ts";

const test = suite("the command ubus");
const own = `${process.cwd()}/build/examples/ubus-test-${process.pid}.mjs`;
let bus: TestBus, client: UbusClient;

const command = (...words: string[]): [string, string[]] => (prefix ? [`${prefix}/bin/ubus`, ["-s", bus.path, ...words]] : [process.execPath, [own, "-s", bus.path, ...words]]);
const env = { ...process.env, ...(prefix && { LD_LIBRARY_PATH: `${prefix}/lib` }) };

interface Ended { status: number | null; out: string; error: string }

function ubus(...words: string[]): Promise<Ended> {
  const child = spawn(...command(...words), { env, stdio: ["ignore", "pipe", "pipe"] });
  const ended: Ended = { status: null, out: "", error: "" };
  child.stdout!.on("data", (chunk: Buffer) => (ended.out += chunk.toString()));
  child.stderr!.on("data", (chunk: Buffer) => (ended.error += chunk.toString()));
  return new Promise((resolve) => child.on("close", (status) => resolve({ ...ended, status })));
}

/** Runs a command that goes on until it is stopped; `lines` grows. */
function following(...words: string[]): { child: ChildProcess; lines: string[] } {
  const child = spawn(...command(...words), { env, stdio: ["ignore", "pipe", "inherit"] });
  const lines: string[] = [];
  child.stdout!.on("data", (chunk: Buffer) => lines.push(...chunk.toString().split("\n").filter(Boolean)));
  return { child, lines };
}

test.before(async () => {
  if (!prefix) await bundle("packages/ubus-ts/examples/ubus.ts", own, "node");
  bus = await startBus();
  client = bus.client();
});
test.after(async () => {
  await bus.stop();
  if (!prefix) spawnSync("rm", ["-f", own, `${own}.map`]);
});

test("list", async () => {
  await client.publish("demo.one", { hello: method({ to: "string", n: "int32?" }, ({ to }) => ({ hello: to })), refuse: method({}, () => { throw new StatusError("permission-denied"); }) });
  await client.publish("demo.two", {});
  assert.equal((await ubus("list", "demo.*")).out, "demo.one\ndemo.two\n");
  assert.is((await ubus("list", "demo.none")).status, 4);
});

test("call: answer, statuses, types by JSON", async () => {
  await client.publish("demo.types", { echo: method({ value: "any" }, ({ value }) => ({ value })) });
  assert.equal(JSON.parse((await ubus("call", "demo.one", "hello", '{"to":"wörld"}')).out), { hello: "wörld" });
  const value = { text: "x", yes: true, int: -5, wide: 5_000_000_000, real: 1.5, list: [1, "a", { b: null }], none: {} };
  assert.equal(JSON.parse((await ubus("call", "demo.types", "echo", JSON.stringify({ value }))).out), { value });
  assert.is((await ubus("call", "demo.one", "refuse")).status! & 0xff, prefix ? 256 - 6 : 6); // the real one negates it when nobody looks
  assert.is((await ubus("call", "demo.one", "hello", "{}")).status! & 0xff, prefix ? 256 - 2 : 2);
  assert.is((await ubus("call", "demo.none", "hello")).status, 4);
});

test("listen and send, in both directions", async () => {
  const heard: string[] = [];
  await client.listen("demo.*", (id, data) => heard.push(`${id} ${JSON.stringify(data)}`));
  const { child, lines } = following("listen", "demo.*");
  try {
    let sent = 0;
    await until("the listener", 20_000, async () => { await client.send("demo.ready", { n: ++sent }); return lines.length > 0; });
    assert.match(lines[0]!, /^\{ "demo.ready": \{"n":\d+\} \}$/);
    assert.is((await ubus("send", "demo.event", '{"a":[1]}')).status, 0);
    await until("the event", 20_000, () => heard.includes('demo.event {"a":[1]}'));
    await until("the event at the other listener", 20_000, () => lines.includes('{ "demo.event": {"a":[1]} }'));
  } finally {
    child.kill();
  }
});

test("subscribe: a notification of ours", async () => {
  const object = await client.publish("demo.notifier", {});
  const { child, lines } = following("subscribe", "demo.notifier");
  try {
    await until("the subscriber", 20_000, () => object.hasSubscribers);
    object.notify("changed", { level: 7 });
    await until("the notification", 20_000, () => lines.length > 0);
    assert.equal(lines, ['{ "changed": {"level":7} }']);
  } finally {
    child.kill();
  }
  await until("its end", 20_000, () => !object.hasSubscribers);
});

test("monitor: a call of ours", async () => {
  const { child, lines } = following("monitor");
  try {
    await until("the call", 20_000, async () => { await client.list("demo.one"); return lines.some((line) => /^<- [0-9a-f]{8} #00000000 +lookup: \{"(objpath|path)":"demo.one"\}$/.test(line)); });
  } finally {
    child.kill();
  }
});

test("wait_for: an object that comes later", async () => {
  const waiting = ubus("-t", "20", "wait_for", "demo.one", "demo.late");
  await new Promise((resolve) => setTimeout(resolve, 300));
  await client.publish("demo.late", {});
  assert.is((await waiting).status, 0);
});

test("npm run test:openwrt without OpenWrt's programs says what is missing, and fails", () => {
  const attempt = (given: Record<string, string>): [number | null, string] => {
    const { status, stderr } = spawnSync(process.execPath, ["tools/run.mjs", "tools/test-openwrt.ts"], { encoding: "utf8", env: { PATH: process.env["PATH"], ...given }, timeout: 60_000 });
    return [status, stderr];
  };
  assert.equal(attempt({})[0], 1);
  assert.match(attempt({})[1], /^OPENWRT_PREFIX is not set$/m);
  const [status, text] = attempt({ OPENWRT_PREFIX: "/nonexistent" });
  assert.is(status, 1);
  for (const program of ["sbin/ubusd", "bin/ubus", "bin/uci"]) assert.match(text, new RegExp(`^/nonexistent/${program} is missing or not executable$`, "m"));
});

test("the bench runs: calls on both engines, and spawned ones", async () => {
  const results = await measureCalls({ calls: 100, spawned: 3, runs: 1 });
  assert.equal(results.map(({ metric }) => metric), ["quickjs-one-at-a-time", "quickjs", "quickjs-memory", "node-one-at-a-time", "node", "node-memory"]);
  for (const result of results) assert.ok(result.value > 0 && (result.unit === "MB" || result.peerValue! > 0), JSON.stringify(result));
});

test("no daemon", async () => {
  await bus.kill();
  const { status, error } = await ubus("list");
  assert.is(status, 255);
  assert.match(error, /^Failed to connect to ubus/);
});

test.run();
