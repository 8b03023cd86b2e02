// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { platform } from "quickjs-ts/platform";

const test = suite("time");
const { time, timers } = platform;
const sleep = (delay: number) => new Promise<void>((resolve) => timers.after(delay, resolve));

test("fires no earlier than asked, in order of the due time, equal ones in order of their making", async () => {
  const start = time.now();
  const order: string[] = [];
  timers.after(30, () => { order.push("c"); assert.ok(time.now() - start >= 30); });
  timers.after(10, () => order.push("a"));
  timers.after(10, () => order.push("b"));
  await sleep(60);
  assert.equal(order, ["a", "b", "c"]);
});

test("a cancelled timer never fires, also when cancelled by one that is due at the same time", async () => {
  const fired: string[] = [];
  const second = { timer: undefined as ReturnType<typeof timers.after> | undefined };
  timers.after(5, () => { fired.push("first"); second.timer!.cancel(); });
  second.timer = timers.after(5, () => fired.push("second"));
  const cancelled = timers.after(1, () => fired.push("cancelled"));
  cancelled.cancel();
  cancelled.cancel();
  await sleep(30);
  assert.equal(fired, ["first"]);
});

test("every repeats until cancelled, also from its own callback", async () => {
  let turns = 0;
  const timer = timers.every(5, () => { if (++turns === 3) timer.cancel(); });
  await sleep(80);
  assert.is(turns, 3);
});

test("promise jobs run before the next timer, and between callbacks of one turn", async () => {
  const order: string[] = [];
  timers.after(5, () => { order.push("first"); void Promise.resolve().then(() => order.push("job")); });
  timers.after(5, () => order.push("second"));
  await sleep(30);
  assert.equal(order, ["first", "job", "second"]);
});

test("the clocks advance", async () => {
  const [now, date] = [time.now(), time.date()];
  await sleep(20);
  assert.ok(time.now() - now >= 20 && time.now() - now < 1_000);
  assert.ok(time.date() - date >= 15 && date > 1.6e12);
});

test.run();
