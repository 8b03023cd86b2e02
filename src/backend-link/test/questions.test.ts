// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { EXPIRY, MAX_OPEN, PER_SECOND, Questions } from "../questions.ts";
import type { Question, Told } from "../types.ts";

const flow = (port: number): Question => ({ kind: "flow", device: "02:00:00:00:00:01", address: "192.0.2.1", protocol: 6, port });
const ignore = (): void => {};
const ready = (): Questions => {
  const questions = new Questions();
  questions.ready(true);
  return questions;
};

const asking = suite("questions");

asking("nobody there: the fallback decides", () => {
  assert.is(new Questions().ask(flow(1), ignore, 0), false);
});

asking("equal questions are one; each asker is answered once; a second answer is nobody's", () => {
  const questions = ready();
  const told: Told[] = [];
  for (let count = 0; count < 3; count++) assert.ok(questions.ask(flow(1), (answer) => told.push(answer), 0));
  const [message, ...more] = questions.take();
  assert.is(more.length, 0);
  assert.is(message!.questions.length, 1);
  const answers = [{ id: message!.questions[0]!.id, verdict: "allow" as const, lifetime: 60_000, reason: "known" }];
  questions.answered({ answers });
  questions.answered({ answers });
  assert.equal(told, Array(3).fill({ verdict: "allow", lifetime: 60_000, reason: "known" }));
  assert.is(questions.size, 0);
});

asking("one turn, one message, up to 32 questions in it", () => {
  const questions = ready();
  for (let port = 0; port < 70; port++) questions.ask(flow(port), ignore, 0);
  assert.equal(questions.take().map(({ questions: list }) => list.length), [32, 32, 6]);
  assert.equal(questions.take(), []);
});

asking("a storm: 100 at once and 100 a second, 256 open, the rest falls back at once", () => {
  const questions = ready();
  let asked = 0;
  for (let port = 0; port < 5000; port++) if (questions.ask(flow(port), ignore, 0)) asked++;
  assert.is(asked, PER_SECOND);
  for (let port = 5000; port < 10_000; port++) if (questions.ask(flow(port), ignore, 1000 + (port - 5000) / 10)) asked++;
  assert.ok(asked <= 3 * PER_SECOND && asked > 2 * PER_SECOND, `${asked}`);
  assert.ok(questions.size <= MAX_OPEN);
});

asking("askers of one question are bounded, too", () => {
  const questions = ready();
  const asked = Array.from({ length: 100 }, () => questions.ask(flow(1), ignore, 0)).filter(Boolean);
  assert.is(asked.length, 32);
});

asking("what is not answered in time is forgotten, and may be asked anew", () => {
  const questions = ready();
  let answered = 0;
  questions.ask(flow(1), () => answered++, 0);
  const id = questions.take()[0]!.questions[0]!.id;
  questions.expire(EXPIRY);
  assert.is(questions.size, 0);
  questions.answered({ answers: [{ id, verdict: "allow", lifetime: 1 }] });
  assert.is(answered, 0);
  assert.ok(questions.ask(flow(1), ignore, EXPIRY));
});

asking("a lost link forgets all; lifetimes are kept within a day", () => {
  const questions = ready();
  questions.ask(flow(1), ignore, 0);
  questions.ready(false);
  assert.is(questions.size + questions.pending, 0);
  questions.ready(true);
  const told: number[] = [];
  questions.ask(flow(1), ({ lifetime }) => told.push(lifetime), 10);
  questions.answered({ answers: [{ id: questions.take()[0]!.questions[0]!.id, verdict: "deny", lifetime: 1e15 }] });
  assert.equal(told, [86_400_000]);
});

asking.run();
