// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { BUILD_DATE, LinkClock, MAX_ROUND_TRIP } from "../clock.ts";

const HOUR = 3_600_000;
const TODAY = BUILD_DATE + 300 * 24 * HOUR;
const clock = suite("link clock");

clock("nothing known: not before the build date, and the time that passed since the start", () => {
  const fresh = new LinkClock(0, 500);
  assert.not(fresh.trusted);
  assert.is(fresh.date(1500), undefined);
  assert.equal(fresh.validAt(1500), { notBefore: BUILD_DATE + 1000 });
});

clock("the floor from flash counts when it is later than the build date", () => {
  assert.is(new LinkClock(TODAY, 0).notBefore(10), TODAY + 10);
  assert.is(new LinkClock(BUILD_DATE - 5, 0).notBefore(0), BUILD_DATE);
});

clock("a signed time is the present, plus half the round trip, and goes on by the monotonic clock", () => {
  const learnt = new LinkClock(0, 0);
  assert.ok(learnt.learn(TODAY, 1000, 1200));
  assert.is(learnt.date(1200), TODAY + 100);
  assert.is(learnt.date(1200 + HOUR), TODAY + 100 + HOUR);
  assert.equal(learnt.validAt(1200), { now: TODAY + 100 });
});

clock("an answer that took too long says nothing", () => {
  const learnt = new LinkClock(0, 0);
  assert.not(learnt.learn(TODAY, 0, MAX_ROUND_TRIP + 1));
  assert.not(learnt.trusted);
});

clock("a document proves the floor, not the present; older proofs do nothing", () => {
  const proven = new LinkClock(0, 0);
  proven.proved(TODAY, 100);
  assert.is(proven.notBefore(200), TODAY + 100);
  assert.not(proven.trusted);
  proven.proved(TODAY - HOUR, 300);
  assert.is(proven.notBefore(300), TODAY + 200);
});

clock("a backend that was years ahead puts the floor back by its next signed answer", () => {
  const ahead = new LinkClock(TODAY + 20 * 365 * 24 * HOUR, 0);
  assert.ok(ahead.learn(TODAY, 0, 10));
  assert.is(ahead.date(10), TODAY + 5);
  assert.is(ahead.toSave(10), TODAY + 5);
});

clock("the floor is written once an hour at most, and at a clean stop", () => {
  const written = new LinkClock(TODAY, 0);
  assert.is(written.toSave(0), undefined, "nothing new");
  written.learn(TODAY + HOUR, 0, 0);
  assert.is(written.toSave(0), TODAY + HOUR);
  written.saved(TODAY + HOUR, 0);
  assert.is(written.toSave(HOUR - 1), undefined);
  assert.is(written.toSave(HOUR - 1, true), TODAY + 2 * HOUR - 1);
  assert.is(written.toSave(HOUR), TODAY + 2 * HOUR);
  written.notSaved(HOUR);
  assert.is(written.toSave(HOUR + 1), undefined, "a full flash is not tried with every turn");
});

clock.run();
