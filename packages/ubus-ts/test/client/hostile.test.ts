// SPDX-License-Identifier: Apache-2.0
// Others on the bus that keep no rule: the daemon passes on what they say, and it harms nobody but themselves.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { platform } from "quickjs-ts/platform";
import { decodeMessage, encodeMessage, encodeSignature, type Message, MessageFramer, MessageType as T, method, StatusError, type UbusClient } from "../../src/index.ts";
import { rejection, sleep, startBus, type TestBus, until } from "../bus.ts";

const test = suite("ubus hostile peers");
let bus: TestBus, client: UbusClient;

test.before(async () => {
  bus = await startBus();
  client = bus.client();
});
test.after(() => bus.stop());

/** A connection whose every byte is ours. */
async function raw(onMessage: (message: Message, send: (bytes: Uint8Array) => void) => void = () => {}) {
  const [got, framer] = [[] as Message[], new MessageFramer()];
  let closed = false;
  const stream = platform.net.connect({ unix: bus.path }, {
    data: (chunk) => framer.push(chunk, (bytes) => {
      const message = decodeMessage(bytes);
      got.push(message);
      onMessage(message, (answer) => void stream.write(answer));
    }),
    end: () => void (closed = true),
    close: () => void (closed = true),
  });
  await until("the greeting", () => got.length > 0);
  const say = (message: Partial<Message> & { type: number }): void => void stream.write(encodeMessage({ seq: 1, peer: 0, ...message }));
  return { stream, got, say, isClosed: () => closed };
}

/** Members of a table that are none: the first is longer than all of it. */
const garbage = Uint8Array.from([0x82, 0xff, 0xff, 0xff, 1, 2, 3, 4]);

test("a provider whose answer is no table: its caller gets DecodeError, and goes on", async () => {
  const provider = await raw((message, send) => {
    if (message.type !== T.invoke) return;
    const { seq, peer, objectId } = message;
    send(encodeMessage({ type: T.data, seq, peer, objectId, data: garbage }));
    send(encodeMessage({ type: T.status, seq, peer, status: 0, objectId }));
  });
  provider.say({ type: T.addObject, path: "hostile.a", signature: encodeSignature({ m: {} }) });
  await until("the object", () => provider.got.some(({ status }) => status === 0));
  assert.is((await rejection(client.call("hostile.a", "m"))).name, "DecodeError");
  await client.ping();
  provider.stream.destroy();
});

test("a provider whose answer breaks the message itself: the same", async () => {
  const provider = await raw((message, send) => {
    if (message.type !== T.invoke) return;
    const bytes = encodeMessage({ type: T.data, seq: message.seq, peer: message.peer, objectId: message.objectId, data: new Uint8Array(8), user: "abc" });
    bytes[bytes.length - 1] = 0x61; // the NUL of `user`
    send(bytes);
  });
  provider.say({ type: T.addObject, path: "hostile.b", signature: encodeSignature({ m: {} }) });
  await until("the object", () => provider.got.some(({ status }) => status === 0));
  assert.is((await rejection(client.call("hostile.b", "m"))).name, "DecodeError");
  await client.ping();
  provider.stream.destroy();
});

test("a declaration that cannot be read hides no other object", async () => {
  const provider = await raw();
  const signature = Uint8Array.from([0x82, 0, 0, 0x10, 0, 1, 0x6d, 0, 0x85, 0, 0xff, 0xff, 0, 0, 0, 0]); // the method's table lies about its argument
  provider.say({ type: T.addObject, path: "hostile.c", signature });
  await until("the object", () => provider.got.some(({ status }) => status === 0));
  const good = await client.publish("hostile.d", { m: method({}, () => {}) });
  assert.equal((await client.list("hostile.*")).map(({ path, signature: read }) => [path, read !== undefined]), [["hostile.c", false], ["hostile.d", true]]);
  await good.remove();
  provider.stream.destroy();
});

test("callers whose arguments are no table, or missing, get invalid-argument", async () => {
  let calls = 0;
  const object = await client.publish("victim", { m: method({}, () => void calls++) });
  const caller = await raw();
  const [id] = (await client.list("victim")).map((info) => info.id);
  caller.say({ type: T.invoke, seq: 7, peer: id!, objectId: id!, method: "m", data: garbage });
  caller.say({ type: T.invoke, seq: 8, peer: id!, objectId: id!, method: "m" });
  await until("both answers", () => caller.got.length >= 3);
  assert.equal(caller.got.slice(1).map(({ seq, status }) => [seq, status]), [[7, 2], [8, 2]]);
  assert.is(calls, 0);
  await object.remove();
  caller.stream.destroy();
});

test("answers to questions that were never asked, from objects of others, are nobody's", async () => {
  const victim = await client.publish("victim.asks", { later: method({}, async () => { await sleep(50); return { real: true }; }) });
  const other = bus.client();
  const liar = await raw();
  liar.say({ type: T.addObject });
  await until("its object", () => liar.got.some(({ objectId }) => objectId !== undefined));
  const own = liar.got.find(({ objectId }) => objectId !== undefined)!.objectId!;
  const call = other.call("victim.asks", "later");
  await until("the call", () => other.link.pending > 0);
  for (let seq = 0; seq < 50; seq++) {
    liar.say({ type: T.data, seq, peer: other.clientId, objectId: own, data: new Uint8Array(0) });
    liar.say({ type: T.status, seq, peer: other.clientId, status: 0, objectId: own });
    liar.say({ type: T.status, seq, peer: other.clientId, status: 0, objectId: victim.id });
  }
  assert.equal(await call, { real: true });
  liar.stream.destroy();
  await victim.remove();
});

test("a message over 1 MiB costs its sender the connection, and nobody else", async () => {
  const sender = await raw();
  sender.stream.write(Uint8Array.from([0, 4, 0, 1, 0, 0, 0, 0, 0, 0x10, 0, 5]));
  await until("the end of its connection", () => sender.isClosed());
  await client.ping();
});

test("a daemon that sends what is no message, or nothing at all, is left, and its callers are told", async () => {
  const path = `${bus.path}.bad`;
  let accepted = 0;
  const listener = platform.net.listen({ unix: path }, (stream) => {
    if (accepted++ % 2 === 0) stream.write(Uint8Array.from([9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9])); // else: silence
    return { data: () => {}, end: () => stream.destroy(), close: () => {} };
  });
  const reasons: string[] = [];
  const victim = bus.client({ path, connectTimeout: 50, timeout: 500, lost: (reason) => reasons.push(reason) });
  assert.is((await rejection(victim.call("a", "b"))).name, "DeadlineError");
  assert.ok(reasons.includes("message: version 9, expected 0 at byte 0") && reasons.includes("hello: no answer within 50 ms"), reasons.join());
  victim.close();
  listener.close();
});

test("a daemon that stops answering is left, and found again when it answers", async () => {
  const path = `${bus.path}.stuck`;
  let stuck = true;
  const listener = platform.net.listen({ unix: path }, (stream) => {
    const framer = new MessageFramer();
    stream.write(encodeMessage({ type: T.hello, seq: 0, peer: 1234 }));
    return {
      data: (chunk) => framer.push(chunk, (bytes) => {
        const { seq, peer } = decodeMessage(bytes);
        if (!stuck) stream.write(encodeMessage({ type: T.status, seq, peer, status: 0 }));
      }),
      end: () => stream.destroy(), close: () => {},
    };
  });
  const reasons: string[] = [];
  const victim = bus.client({ path, connectTimeout: 40, timeout: 40, lost: (reason) => reasons.push(reason) });
  await until("the loss", () => reasons.some((reason) => reason.startsWith("the daemon is silent")));
  stuck = false;
  await victim.whenReady(10_000);
  await victim.ping(10_000);
  victim.close();
  listener.close();
});

test("what comes right behind an object's registration finds the object", async () => {
  const path = `${bus.path}.hasty`;
  const answers: (number | undefined)[] = [];
  const listener = platform.net.listen({ unix: path }, (stream) => {
    const framer = new MessageFramer();
    stream.write(encodeMessage({ type: T.hello, seq: 0, peer: 1234 }));
    const answer = ({ type, seq, peer, path: published, status, objectId }: Message): void => {
      if (type === T.status && objectId === 5000) answers.push(status);
      if (type === T.status || type === T.data) return;
      const messages = [...(type === T.addObject ? [{ type: T.data, seq, peer: 0, objectId: published ? 5000 : 4000 }] : []), { type: T.status, seq, peer, status: 0 }];
      if (published) messages.push({ type: T.notify, seq: 1, peer: 0, objectId: 5000, active: true } as never, { type: T.invoke, seq: 2, peer: 99, objectId: 5000, method: "m", data: new Uint8Array(0) } as never);
      stream.write(Uint8Array.from(messages.flatMap((message) => [...encodeMessage(message)]))); // in one piece
    };
    return { data: (chunk) => framer.push(chunk, (bytes) => answer(decodeMessage(bytes))), end: () => stream.destroy(), close: () => {} };
  });
  const hasty = bus.client({ path });
  const object = await hasty.publish("x", { m: method({}, () => {}) });
  await until("the answer", () => answers.length > 0);
  assert.equal([object.hasSubscribers, answers], [true, [0]]);
  hasty.close();
  listener.close();
});

test("a call that a provider refuses with a number that is no status", async () => {
  const provider = await raw(({ type, seq, peer, objectId }, send) => {
    if (type === T.invoke) send(encodeMessage({ type: T.status, seq, peer, status: 99, objectId }));
  });
  provider.say({ type: T.addObject, path: "hostile.e", signature: encodeSignature({ m: {} }) });
  await until("the object", () => provider.got.some(({ status }) => status === 0));
  const error = (await rejection(client.call("hostile.e", "m"))) as StatusError;
  assert.equal([error.status, error.code, error.message], ["unknown-error", 99, "call hostile.e m: unknown-error (99)"]);
  provider.stream.destroy();
});

/** A subscriber of `path` whose answers to notifications are `answer`'s. */
async function subscriber(path: string, answer: (message: Message) => Message[]) {
  const peer = await raw((message, send) => {
    if (message.type === T.invoke) for (const each of answer(message)) send(encodeMessage(each));
  });
  peer.say({ type: T.addObject });
  await until("its object", () => peer.got.some(({ objectId }) => objectId !== undefined));
  const [{ id } = { id: 0 }] = await client.list(path);
  peer.say({ type: T.subscribe, seq: 2, objectId: peer.got.find(({ objectId }) => objectId !== undefined)!.objectId!, target: id });
  return peer;
}

test("a subscriber whose answer is no table, or has none, costs the notifier neither its connection nor the other answers", async () => {
  const lost: string[] = [];
  const notifier = bus.client({ lost: (reason) => lost.push(reason) });
  const object = await notifier.publish("victim.notifies", {});
  const bad = await subscriber("victim.notifies", ({ seq, peer, objectId }) => [
    { type: T.data, seq, peer, objectId: objectId!, data: garbage }, { type: T.data, seq, peer, objectId: objectId! }, { type: T.status, seq, peer, status: 0, objectId: objectId! }]);
  const good = await client.subscribe("victim.notifies", { notified: () => ({ fine: true }) });
  await until("both subscribers", async () => (await object.ask("probe", {}, 2000)).length === 2);
  const answers = await object.ask("question");
  assert.equal(answers.map(({ status, data }) => [status, data]).sort(), [["ok", [{ fine: true }]], ["parse-error", []]]);
  assert.equal(lost, []);
  await good.remove();
  bad.stream.destroy();
  notifier.close();
});

test("what a handler of ours throws, however it was called, is told as trouble and stops nothing", async () => {
  const told: string[] = [];
  const boom = (what: string) => (): never => { throw new Error(what); };
  const clumsy = bus.client({ trouble: (what, error) => told.push(`${what}: ${(error as Error).message}`), ready: boom("ready"), lost: boom("lost") });
  const object = await clumsy.publish("clumsy.object", {}, { subscribed: boom("subscribed") });
  const target = await client.publish("clumsy.target", {});
  const subscription = await clumsy.subscribe("clumsy.target", { notified: () => {}, added: boom("added"), removed: boom("removed") });
  const [first] = await Promise.all([client.subscribe("clumsy.object", { notified: () => {} })]);
  await until("the subscriber", () => object.hasSubscribers);
  assert.equal(subscription.paths, ["clumsy.target"]);
  await bus.kill();
  await until("the loss", () => !clumsy.ready);
  await bus.start();
  await until("all of it again", async () => object.present && subscription.paths.length === 1 && clumsy.ready && target.present);
  for (const what of ["ready", "lost", "clumsy.object: subscribed", "clumsy.target: added", "clumsy.target: removed"]) assert.ok(told.some((each) => each.includes(what)), `${what}: ${told.join()}`);
  await first!.remove();
  await target.remove();
  clumsy.close();
});

test("a connection that breaks in the very piece that made an object: it is made again on the next", async () => {
  const path = `${bus.path}.torn`;
  let connections = 0, made = 0;
  const listener = platform.net.listen({ unix: path }, (stream) => {
    const [framer, nth] = [new MessageFramer(), ++connections];
    stream.write(encodeMessage({ type: T.hello, seq: 0, peer: 1234 }));
    const answer = ({ type, seq, peer, path: published }: Message): void => {
      if (published && type === T.addObject) made++;
      const messages = [...(type === T.addObject ? [{ type: T.data, seq, peer: 0, objectId: published ? 5000 : 4000 }] : []), { type: T.status, seq, peer, status: 0 }];
      const torn = nth === 1 && published ? [9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9] : [];
      stream.write(Uint8Array.from([...messages.flatMap((message) => [...encodeMessage(message)]), ...torn]));
    };
    return { data: (chunk) => framer.push(chunk, (bytes) => answer(decodeMessage(bytes))), end: () => stream.destroy(), close: () => {} };
  });
  const victim = bus.client({ path });
  const object = await victim.publish("torn.object", {});
  await until("the second connection", () => connections === 2 && victim.ready);
  await until("its object", () => made === 2 && object.present && object.id === 5000);
  victim.close();
  listener.close();
});

test.run();
