// SPDX-License-Identifier: Apache-2.0
// One conversation with a daemon whose every byte the test writes: greeting, matching of answers, deadlines, what a broken or hostile peer may do.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { encodeMessage, encodeTable, type Invocation, type Message, MessageType as T, Session, type SessionOptions } from "../../src/index.ts";
import { decodeMessage } from "../../src/codec/index.ts";
import { Backoff } from "../../src/session/backoff.ts";
import { Sequence } from "../../src/session/sequence.ts";

const test = suite("ubus session");

interface Bench {
  session: Session;
  sent: Message[];
  /** What `done` of the requests got, by operation. */
  ended: string[];
  invoked: Invocation[];
  say(message: Partial<Message> & { type: number }): void;
  ask(operation: string, peer?: number, timeout?: number): number;
}

function bench(options: SessionOptions = {}, greet = true): Bench {
  const [sent, ended, invoked]: [Message[], string[], Invocation[]] = [[], [], []];
  const session = new Session({
    send: (bytes) => void sent.push(decodeMessage(bytes)),
    greeted: () => {}, invoked: (invocation) => invoked.push(invocation), subscribed: (id, active) => ended.push(`subscribed ${id} ${active}`),
    unsubscribed: (id, target) => ended.push(`unsubscribed ${id} ${target}`), monitored: () => ended.push("monitored"),
  }, 0, 1000, options);
  const say: Bench["say"] = (message) => session.receive(encodeMessage({ seq: 0, peer: 0, ...message }), 0);
  if (greet) say({ type: T.hello, peer: 77 });
  const ask = (operation: string, peer = 5000, timeout = 100): number => {
    session.request({ type: T.invoke, peer, objectId: peer, method: operation, data: new Uint8Array(0) }, {
      operation, timeout, data: ({ data }) => ended.push(`${operation}: data ${data?.length}`), done: (error) => ended.push(`${operation}: ${error ? error.name : "ok"}`),
    }, 0);
    return sent.at(-1)!.seq;
  };
  return { session, sent, ended, invoked, say, ask };
}

test("nothing is sent before the greeting; anything else than a greeting, or none in time, ends it", () => {
  const { session, ask, say } = bench({}, false);
  assert.throws(() => ask("early"), /not connected/);
  assert.is(session.deadline(), 1000);
  assert.throws(() => session.expire(1000), /hello: no answer within 1000 ms/);
  assert.throws(() => say({ type: T.status }), /type 1, expected a greeting/);
  say({ type: T.hello, peer: 9 });
  assert.is(session.clientId, 9);
  assert.is(session.deadline(), undefined);
});

test("an answer belongs to its number and to whom it was asked", () => {
  const { ask, say, ended } = bench();
  const [a, b] = [ask("a", 5000), ask("b", 6000)];
  say({ type: T.status, seq: a, peer: 6000, objectId: 6000, status: 0 }); // another provider guesses the number
  say({ type: T.data, seq: a, peer: 6000, objectId: 6000, data: new Uint8Array(0) });
  assert.equal(ended, []);
  say({ type: T.status, seq: b, peer: 6000, objectId: 6000, status: 0 });
  say({ type: T.data, seq: a, peer: 5000, objectId: 5000, data: encodeTable({ x: 1 }) });
  say({ type: T.status, seq: a, peer: 5000, objectId: 5000, status: 4 });
  say({ type: T.status, seq: a, peer: 5000, objectId: 5000, status: 0 }); // twice
  assert.equal(ended, ["b: ok", "a: data 12", "a: StatusError"]);
});

test("a malformed answer ends its own call and no other", () => {
  const { session, ask, ended, say } = bench();
  const [a, b] = [ask("a"), ask("b")];
  const bad = encodeMessage({ type: T.data, seq: a, peer: 5000, objectId: 5000 });
  bad[15] = 7; // the attribute's length, padded to the same
  session.receive(bad, 0);
  assert.equal(ended, ["a: DecodeError"]);
  say({ type: T.status, seq: a, peer: 5000, objectId: 5000, status: 0 });
  say({ type: T.status, seq: b, peer: 5000, objectId: 5000, status: 0 });
  assert.equal(ended, ["a: DecodeError", "b: ok"]);
});

test("deadlines end calls, and a late answer is nobody's", () => {
  const { session, ask, say, ended } = bench();
  const late = ask("late", 5000, 50);
  ask("patient", 5000, 500);
  assert.is(session.deadline(), 50);
  session.expire(60);
  assert.equal(ended, ["late: DeadlineError"]);
  assert.is(session.deadline(), 500);
  say({ type: T.status, seq: late, peer: 5000, objectId: 5000, status: 0 });
  assert.equal(ended, ["late: DeadlineError"]);
});

test("the number of a call that was given up is not used again before its answer", () => {
  let last = 0;
  const session = new Session({ send: (bytes) => void (last = (bytes[2]! << 8) | bytes[3]!), greeted: () => {}, invoked: () => {}, subscribed: () => {}, unsubscribed: () => {}, monitored: () => {} }, 0, 1000);
  session.receive(encodeMessage({ type: T.hello, seq: 0, peer: 1 }), 0);
  session.request({ type: T.invoke, peer: 5000, method: "m" }, { operation: "m", timeout: 10, done: () => {} }, 0);
  const late = last;
  session.expire(10);
  let met = 0;
  for (let i = 0; i < 65_536; i++) {
    session.tell({ type: T.notify, peer: 0 }, "n");
    if (last === late) met++;
  }
  assert.is(met, 0);
});

test("a number that was given up comes back only after its late answer", () => {
  const sequence = new Sequence();
  const all = (): number[] => Array.from({ length: 65_535 }, () => sequence.next(new Set([5])));
  const late = sequence.next(new Set());
  sequence.giveUp(late, 5000);
  const before = all();
  assert.equal([before.includes(late), before.includes(5), before.includes(6)], [false, false, true]);
  sequence.answered(late, 6000);
  assert.not(all().includes(late));
  sequence.answered(late, 5000);
  assert.ok(all().includes(late));
});

test("the bound of numbers that are owed an answer is kept", () => {
  const sequence = new Sequence(2);
  for (let i = 0; i < 3; i++) sequence.giveUp(sequence.next(new Set()), 9);
  const seen = Array.from({ length: 65_536 }, () => sequence.next(new Set()));
  assert.equal([seen.includes(1), seen.includes(2), seen.includes(3)], [true, false, false]);
});

test("a call of an object that went away ends, and others go on", () => {
  const { session, ask, ended } = bench();
  ask("gone", 5000);
  ask("stays", 6000);
  session.objectGone(5000);
  session.objectGone(0);
  assert.equal(ended, ["gone: ProviderGoneError"]);
  session.close("end");
  assert.equal(ended, ["gone: ProviderGoneError", "stays: DisconnectedError"]);
});

test("a notification is complete when each subscriber has answered, one that is there twice twice", () => {
  const { session, sent, say, ended } = bench();
  session.request({ type: T.notify, peer: 2000, objectId: 2000, method: "n" }, {
    operation: "n", timeout: 100, done: (error) => ended.push(`done ${error?.name ?? "ok"}`), subscribers: (ids) => ended.push(`to ${ids.join()}`), answered: (id, code) => ended.push(`${id}: ${code}`),
  }, 0);
  const { seq } = sent[0]!;
  say({ type: T.status, seq, peer: 2000, objectId: 2000, subscribers: [3000, 4000, 3000], status: 0 });
  say({ type: T.status, seq, peer: 3000, objectId: 3000, status: 0 });
  say({ type: T.status, seq, peer: 9999, objectId: 9999, status: 0 });
  say({ type: T.status, seq, peer: 4000, objectId: 4000, status: 6 });
  assert.equal(ended, ["to 3000,4000,3000", "3000: 0", "4000: 6"]);
  say({ type: T.status, seq, peer: 3000, objectId: 3000, status: 0 });
  assert.equal(ended.slice(3), ["3000: 0", "done ok"]);
});

test("invocations are answered once, to their caller; events and notifications without reply are not", () => {
  const { say, invoked, sent, session } = bench();
  say({ type: T.invoke, seq: 9, peer: 42, objectId: 2000, method: "m", data: new Uint8Array(0), user: "u", group: "g" });
  say({ type: T.invoke, seq: 1, peer: 0, objectId: 2000, method: "event" });
  say({ type: T.invoke, seq: 2, peer: 42, objectId: 2000, method: "n", noReply: true });
  say({ type: T.invoke, seq: 3, peer: 42, method: "no object" });
  assert.equal(invoked.map(({ method, user, noReply }) => [method, user, noReply]), [["m", "u", false], ["event", "", true], ["n", "", true]]);
  for (const invocation of invoked) { invocation.reply(encodeTable({ a: 1 })); invocation.finish(0); invocation.finish(5); invocation.reply(encodeTable({})); }
  assert.equal(sent.map(({ type, seq, peer, objectId, status }) => [type, seq, peer, objectId, status]), [[T.data, 9, 42, 2000, undefined], [T.status, 9, 42, 2000, 0]]);
  assert.is(session.deadline(), 60_000); // what was answered leaves the timer as it is
  session.expire(60_000);
  assert.is(session.deadline(), undefined);
});

test("what nobody answers is answered for; too many at once are refused", () => {
  const { session, say, sent } = bench({ maxInvocations: 1, answerTimeout: 10 });
  for (const seq of [1, 2]) say({ type: T.invoke, seq, peer: 42, objectId: 2000, method: "m" });
  session.expire(10);
  assert.equal(sent.map(({ seq, status }) => [seq, status]), [[2, 11], [1, 7]]);
});

test("unknown types, and known ones without what they need, change nothing", () => {
  const { say, ended } = bench();
  for (const type of [T.ping, T.lookup, T.addObject, T.notify, T.unsubscribe, T.hello, 12, 255]) say({ type, objectId: 1 });
  say({ type: T.notify, objectId: 5, active: true });
  say({ type: T.unsubscribe, objectId: 5, target: 6 });
  assert.equal(ended, ["subscribed 5 true", "unsubscribed 5 6"]);
});

test("an oversized message is the end of the connection", () => {
  const { session } = bench();
  assert.throws(() => session.receive(Uint8Array.from([0, 2, 0, 1, 0, 0, 0, 0, 0, 0x10, 0, 4]), 0), (error: unknown) => (error as Error).name === "OversizedError");
});

test("back-off doubles from its minimum to its maximum, and starts over after a connection that lasted", () => {
  const backoff = new Backoff({ minimum: 100, maximum: 500 });
  assert.equal([0, 1, 2, 3, 4].map((now) => backoff.next(now)), [100, 200, 400, 500, 500]);
  backoff.opened(1000);
  assert.is(backoff.next(1100), 500); // it did not last
  backoff.opened(2000);
  assert.is(backoff.next(2500), 100);
});

test.run();
