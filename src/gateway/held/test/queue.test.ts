// SPDX-License-Identifier: Apache-2.0
// Held packets: bounds, turns, deadlines.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { HeldQueue } from "../index.ts";

const test = suite("held: queue");

const names = (packets: { packet: string }[]): string => packets.map(({ packet }) => packet).join(" ");

test("owners take turns, each in order", () => {
  const queue = new HeldQueue<string>();
  for (const packet of ["a1", "a2", "a3", "b1", "b2", "c1"]) queue.add(packet[0]!, packet, packet, 0);
  assert.is(queue.fresh, 6);
  assert.is(names(Array.from({ length: 6 }, () => queue.next()!)), "a1 b1 c1 a2 b2 a3");
  assert.is(queue.next(), undefined);
});

test("a newcomer's packet is the next but one whatever the flood", () => {
  const queue = new HeldQueue<string>({ perOwner: 1000, total: 10_000, deadline: 200 });
  for (const owner of ["x", "y"]) for (let i = 0; i < 1000; i++) queue.add(owner, `${i}`, owner, 0);
  queue.add("a", "k", "a", 1);
  assert.is(names([queue.next()!, queue.next()!, queue.next()!]), "x y a");
});

test("packets with one key wait for one answer", () => {
  const queue = new HeldQueue<string>();
  for (const packet of ["1", "2", "3"]) queue.add("a", "flow", packet, 0);
  assert.equal([queue.wait(queue.next()!), queue.wait(queue.next()!), queue.wait(queue.next()!)], [true, false, false]);
  assert.ok(queue.isWaiting("flow"));
  assert.is(names(queue.answer("flow")), "1 2 3");
  assert.is(names(queue.answer("flow")), "");
  assert.equal({ ...queue.statistics }, { now: 0, total: 3, answered: 3, expired: 0, dropped: 0 });
});

test("a packet may wait under another key than it came with", () => {
  const queue = new HeldQueue<string>();
  queue.add("a", "station", "1", 0);
  assert.ok(queue.wait(queue.next()!, "flow"));
  assert.equal([names(queue.answer("station")), names(queue.answer("flow"))], ["", "1"]);
});

test("one owner has its share and no more", () => {
  const queue = new HeldQueue<string>({ perOwner: 2, total: 10, deadline: 200 });
  const dropped = ["1", "2", "3"].map((packet) => queue.add("a", packet, packet, 0)?.packet);
  assert.equal(dropped, [undefined, undefined, "3"]);
  queue.wait(queue.next()!);
  assert.is(queue.add("a", "4", "4", 0)?.packet, "4", "what waits counts as well");
  queue.answer("1");
  assert.is(queue.add("a", "5", "5", 0), undefined);
});

test("a full queue makes room for a newcomer by the newest packet of whoever has most", () => {
  const queue = new HeldQueue<string>({ perOwner: 10, total: 6, deadline: 200 });
  for (const packet of ["a1", "a2", "a3", "a4", "b1", "b2"]) queue.add(packet[0]!, packet, packet, 0);
  assert.is(queue.add("c", "c1", "c1", 0)?.packet, "a4");
  assert.is(queue.add("b", "b3", "b3", 0)?.packet, "b3", "nobody has more than b would");
  for (let i = 0; i < 6; i++) queue.wait(queue.next()!);
  assert.is(queue.add("c", "c2", "c2", 0)?.packet, "a3", "also of those that wait");
  assert.is(names(queue.answer("a3")), "");
  assert.is(queue.statistics.now, 6);
});

test("what nobody decided comes back at its deadline, once", () => {
  const queue = new HeldQueue<string>();
  queue.add("a", "k", "1", 0);
  queue.add("b", "k", "2", 50);
  queue.add("a", "m", "3", 60);
  queue.wait(queue.next()!);
  assert.is(queue.nextDeadline(), 200);
  assert.is(names(queue.expire(199)), "");
  assert.is(names(queue.expire(250)), "1 2");
  assert.is(queue.nextDeadline(), 260);
  assert.is(names(queue.answer("k")), "");
  assert.is(names(queue.expire(10_000)), "3");
  assert.is(queue.nextDeadline(), undefined);
  assert.equal({ ...queue.statistics }, { now: 0, total: 3, answered: 0, expired: 3, dropped: 0 });
});

test("a packet that was handed out does not come back by itself", () => {
  const queue = new HeldQueue<string>();
  queue.add("a", "k", "1", 0);
  const held = queue.next()!;
  assert.is(names(queue.expire(10_000)), "");
  assert.is(queue.statistics.now, 1);
  queue.done(held);
  assert.is(queue.statistics.now, 0);
});

test("a lost switch empties it", () => {
  const queue = new HeldQueue<string>();
  for (const packet of ["1", "2", "3"]) queue.add("a", packet, packet, 0);
  queue.wait(queue.next()!);
  assert.is(names(queue.clear()).split(" ").sort().join(), "1,2,3");
  assert.equal([queue.statistics.now, queue.nextDeadline(), queue.next()], [0, undefined, undefined]);
});

test("any use keeps within the limits, and the books balance", () => {
  const queue = new HeldQueue<string>({ perOwner: 8, total: 32, deadline: 200 });
  let seed = 1;
  const pick = (below: number): number => (seed = (seed * 48271) % 0x7fffffff) % below;
  const outside: ReturnType<typeof queue.next>[] = [];
  for (let now = 0; now < 20_000; now++) {
    const turn = pick(8);
    if (turn < 4) queue.add(`o${pick(12)}`, `k${pick(20)}`, `${now}`, now);
    else if (turn === 4) queue.answer(`k${pick(20)}`);
    else if (turn === 5) queue.expire(now);
    else {
      const held = queue.next();
      if (held && turn === 6) queue.wait(held);
      else if (held) outside.push(held);
      if (outside.length > 3) queue.done(outside.shift()!);
    }
    const { now: inside, total, answered, expired, dropped } = queue.statistics;
    assert.ok(inside >= 0 && inside <= 32, `${inside} inside`);
    assert.is(total, inside + answered + expired + dropped);
  }
});

test.run();
