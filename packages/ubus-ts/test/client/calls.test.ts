// SPDX-License-Identifier: Apache-2.0
// Objects, lookups and calls over a bus: every type there and back, deferred and partial answers, every status, deadlines, many calls at once.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DeadlineError, Double, Int16, Int8, method, OversizedError, QueueFullError, StatusCode, StatusError, type StatusName, type Table, type UbusClient } from "../../src/index.ts";
import { rejection, sleep, startBus, type TestBus, until } from "../bus.ts";

const test = suite("ubus calls");
let bus: TestBus, provider: UbusClient, caller: UbusClient;
let waiting = 0;

const methods = {
  echo: method({ msg: "string?", n: "int32?", any: "any?" }, (args) => Object.fromEntries(Object.entries(args)) as Table),
  sum: method({ a: "int32", b: "int64", c: "double?", on: "bool?", list: "array?", map: "table?", small: "int16?" }, ({ a, b, c, on, list, map, small }) => ({ sum: BigInt(a) + b, c: new Double(c ?? 0), on: on ?? null, list: list ?? null, map: map ?? null, small: small ?? null })),
  who: method({}, (_args, { user, group, caller: id, method: name }) => ({ user, group, caller: id | 0, name })),
  status: method({ code: "int32" }, ({ code }) => { throw new StatusError((Object.keys(StatusCode) as StatusName[])[code]!); }),
  nothing: method({}, () => {}),
  parts: method({}, (_args, context) => { context.reply({ part: 1 }); context.reply({ part: 2 }); return { part: 3 }; }),
  later: method({ ms: "int32" }, async ({ ms }) => { waiting++; await sleep(ms); waiting--; return { ms }; }),
  never: method({}, () => new Promise<never>(() => {})),
  broken: method({}, () => { throw new Error("a defect"); }),
  large: method({ size: "int32" }, ({ size }) => ({ text: "x".repeat(size) })),
};

test.before(async () => {
  bus = await startBus();
  provider = bus.client();
  caller = bus.client();
  await provider.publish("test.demo", methods);
  await provider.publish("test.other", { ping: method({}, () => ({ pong: true })) });
});
test.after(() => bus.stop());

test("every type, there and back", async () => {
  const any: Table = {
    text: "héllo €", empty: "", bytes: "\udcff\udc80", yes: true, no: false, int8: new Int8(-3), int16: new Int16(-300), int32: -2147483648, int64: 9007199254740993n,
    least: -(1n << 63n), two: new Double(2), half: new Double(0.5), nothing: null, list: [1, "x", [true, null]], table: { a: { "": 1, "é": 2, __proto_: 3 } },
  };
  assert.equal(await caller.call("test.demo", "echo", { any }), { any });
});

test("declared arguments: what fits is converted, anything else is refused by name", async () => {
  assert.equal(await caller.call("test.demo", "sum", { a: 2n, b: 3, c: 1, on: false, list: [], map: {}, small: new Int8(5), ubus_rpc_session: "0" }), { sum: 5n, c: new Double(1), on: false, list: [], map: {}, small: 5 });
  for (const wrong of [{}, { a: 1 }, { a: "1", b: 1 }, { a: 1n << 40n, b: 1 }, { a: 1, b: new Double(1) }, { a: 1, b: 1, on: 1 }, { a: 1, b: 1, list: {} }, { a: 1, b: 1, map: [] }] as Table[]) {
    const error = await rejection(caller.call("test.demo", "sum", wrong));
    assert.instance(error, StatusError, JSON.stringify(Object.keys(wrong)));
    assert.equal([(error as StatusError).status, (error as StatusError).by], ["invalid-argument", "provider"]);
  }
});

test("the caller's names come from its credentials", async () => {
  assert.equal(await caller.call("test.demo", "who"), { user: "root", group: "root", caller: caller.clientId | 0, name: "who" });
});

test("each status is a typed error", async () => {
  for (const [status, code] of Object.entries(StatusCode).filter(([, each]) => each > 0)) {
    const error = (await rejection(caller.call("test.demo", "status", { code }))) as StatusError;
    assert.equal([error.name, error.status, error.code, error.by, error.message], ["StatusError", status, code, "provider", `call test.demo status: ${status}`]);
  }
});

test("no object, no method, nothing answered, a defect", async () => {
  const missing = (await rejection(caller.call("test.missing", "x"))) as StatusError;
  assert.equal([missing.status, missing.by], ["not-found", "daemon"]);
  assert.is(((await rejection(caller.call("test.demo", "x"))) as StatusError).status, "method-not-found");
  assert.is(((await rejection(caller.call("test.demo", "toString"))) as StatusError).status, "method-not-found");
  assert.equal(await caller.call("test.demo", "nothing"), {});
  assert.is(((await rejection(caller.call("test.demo", "broken"))) as StatusError).status, "unknown-error");
  assert.ok(bus.troubles.includes("test.demo broken: a defect"), bus.troubles.join());
});

test("answers in parts", async () => {
  assert.equal(await caller.callAll("test.demo", "parts"), [{ part: 1 }, { part: 2 }, { part: 3 }]);
});

test("many calls at once; answers in any order", async () => {
  const times = Array.from({ length: 100 }, (_, i) => (i * 37) % 50);
  const answers = await Promise.all(times.map((ms) => caller.call("test.demo", "later", { ms })));
  assert.equal(answers.map(({ ms }) => ms), times);
});

test("a deadline ends a call, and its late answer is nobody's", async () => {
  const before = platform_now();
  assert.instance(await rejection(caller.call("test.demo", "never", {}, 30)), DeadlineError);
  assert.ok(platform_now() - before >= 29);
  assert.instance(await rejection(caller.call("test.demo", "later", { ms: 60 }, 20)), DeadlineError);
  await until("the late answer", () => waiting === 0);
  assert.equal(await caller.call("test.demo", "echo", { n: 1 }), { n: 1 });
});

test("more calls than the bound are refused, not queued", async () => {
  const few = bus.client({ maxPending: 4 });
  await few.call("test.demo", "nothing");
  const calls = Array.from({ length: 6 }, () => few.call("test.demo", "later", { ms: 20 }).then(() => "ok", (error: Error) => error.name));
  assert.equal(await Promise.all(calls), ["ok", "ok", "ok", "ok", "QueueFullError", "QueueFullError"]);
});

test("a message over 1 MiB is refused before it is sent, one just below it arrives", async () => {
  const size = (1 << 20) - 200;
  assert.is(((await caller.call("test.demo", "large", { size })) as { text: string }).text.length, size);
  assert.instance(await rejection(caller.call("test.demo", "echo", { msg: "x".repeat(1 << 20) })), OversizedError);
  assert.is(((await rejection(caller.call("test.demo", "large", { size: 1 << 20 }))) as StatusError).status, "unknown-error"); // the provider's defect
  assert.is(caller.ready && provider.ready, true);
});

test("an answer without end meets its bound", async () => {
  const small = bus.client({ maxAnswer: 10_000 });
  assert.instance(await rejection(small.call("test.demo", "large", { size: 20_000 })), QueueFullError);
  assert.equal(await small.call("test.demo", "echo", { n: 7 }), { n: 7 });
});

test("lookups: one, by prefix, all, none", async () => {
  const [demo] = await caller.list("test.demo");
  assert.is(JSON.stringify(demo!.signature!["sum"]), '{"a":"int32","b":"int64","c":"double","on":"bool","list":"array","map":"table","small":"int16"}');
  assert.equal((await caller.list("test.*")).map(({ path }) => path), ["test.demo", "test.other"]);
  assert.equal((await caller.list()).map(({ path }) => path), ["test.demo", "test.other"]);
  assert.equal(await caller.list("tes"), []);
});

test("the daemon answers a ping", () => caller.ping());

test("an object that was removed is gone, for cached ids too; a new one under the path is found", async () => {
  const first = await provider.publish("test.brief", { n: method({}, () => ({ n: 1 })) });
  assert.equal(await caller.call("test.brief", "n"), { n: 1 });
  await first.remove();
  assert.is(((await rejection(caller.call("test.brief", "n"))) as StatusError).status, "not-found");
  const second = await provider.publish("test.brief", { n: method({}, () => ({ n: 2 })) });
  assert.equal(await caller.call("test.brief", "n"), { n: 2 });
  await second.remove();
});

test("a path that is taken is refused", async () => {
  const error = (await rejection(caller.publish("test.demo", {}))) as StatusError;
  assert.equal([error.status, error.by], ["invalid-argument", "daemon"]);
  assert.equal(await caller.call("test.demo", "nothing"), {});
});

test("a provider that dies leaves no call waiting, whatever the deadline", async () => {
  const dying = bus.client();
  await dying.publish("test.dying", { never: method({}, () => new Promise<never>(() => {})) });
  const calls = [1, 2, 3].map(() => rejection(caller.call("test.dying", "never", {}, 1e9)));
  await sleep(20);
  dying.close();
  assert.equal((await Promise.all(calls)).map(({ name }) => name), ["ProviderGoneError", "ProviderGoneError", "ProviderGoneError"]);
});

test("a method that never answers is answered for, at its own deadline; too many are refused", async () => {
  const slow = bus.client({ answerTimeout: 50, maxInvocations: 2 });
  await slow.publish("test.slow", { never: method({}, () => new Promise<never>(() => {})) });
  const errors = await Promise.all([1, 2, 3].map(() => rejection(caller.call("test.slow", "never"))));
  assert.equal(errors.map((error) => (error as StatusError).status).sort(), ["no-memory", "timeout", "timeout"]);
});

function platform_now(): number {
  return caller.link.ports.time.now();
}

test.run();
