// SPDX-License-Identifier: Apache-2.0
// Questions about flows over a link that is a list of them (a fake).
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Question, Told } from "../../../backend-link/types.ts";
import type { Edit } from "../../../wifi-isolation/index.ts";
import { FlowVerdicts, MAX_OPEN_PER_DEVICE, type Answer, type FlowQuestion } from "../index.ts";

const asker = suite("questions about flows");
const QUESTION: FlowQuestion = { device: 1, address: "192.0.2.7", protocol: 6, port: 443 };

function open() {
  const asked: { question: Question; answer: (told: Told) => void }[] = [];
  const edits: Edit[] = [];
  const state = { now: 0, connected: true };
  const subject = new FlowVerdicts({
    now: () => state.now, edit: (edit) => { edits.push(edit); return Promise.resolve(true); },
    describe: ({ device, address, protocol, port }) => (device > 99 ? undefined : { kind: "flow", device: `02:00:00:00:00:0${device}`, address, protocol, port }),
    ask: (question, answer) => {
      if (state.connected) asked.push({ question, answer });
      return state.connected;
    },
  });
  return { subject, asked, edits, state };
}

asker("packets of one flow make one question; its answer is told once, with the device's MAC in it", () => {
  const { subject, asked } = open();
  const answers: Answer[] = [];
  for (let packet = 0; packet < 50; packet++) assert.ok(subject.asker.ask(QUESTION, (answer) => answers.push(answer)));
  assert.equal(asked.map(({ question }) => question), [{ kind: "flow", device: "02:00:00:00:00:01", address: "192.0.2.7", protocol: 6, port: 443 }]);
  asked[0]!.answer({ verdict: "allow", lifetime: 60_000, reason: "known" });
  assert.equal(answers, [{ verdict: "allow", lifetime: 60_000, reason: "known" }]);
  assert.is(subject.asker.open, 0);
});

asker("nobody connected, or the device is gone: decide at once", () => {
  const { subject, state } = open();
  assert.not(subject.asker.ask({ ...QUESTION, device: 100 }, () => {}));
  state.connected = false;
  assert.not(subject.asker.ask(QUESTION, () => {}));
  assert.is(subject.asker.open, 0);
});

asker("a scan of one device falls back beyond its share; another device is still asked about", () => {
  const { subject, asked } = open();
  const scan = Array.from({ length: 500 }, (_, i) => subject.asker.ask({ ...QUESTION, port: i + 1 }, () => {}));
  assert.is(scan.filter(Boolean).length, MAX_OPEN_PER_DEVICE);
  assert.ok(subject.asker.ask({ ...QUESTION, device: 2 }, () => {}));
  assert.is(asked.length, MAX_OPEN_PER_DEVICE + 1);
});

asker("a backend that never answers leaves nothing behind", () => {
  const { subject, state, asked } = open();
  for (let port = 1; port <= MAX_OPEN_PER_DEVICE; port++) subject.asker.ask({ ...QUESTION, port }, () => {});
  state.now = 3000;
  assert.ok(subject.asker.ask(QUESTION, () => {}));
  assert.is(subject.asker.open, 1);
  assert.is(asked.length, MAX_OPEN_PER_DEVICE + 1);
});

for (const [what, happen] of [
  ["another policy", (subject) => void subject.clear()], ["another device with its number", (subject) => subject.forgetDevice(1)],
  ["another device with that address", (subject) => subject.forgetAddress("192.0.2.7")],
] as [string, (subject: FlowVerdicts) => void][]) {
  asker(`an answer that comes after ${what} is about something else`, () => {
    const { subject, asked } = open();
    let told = 0;
    subject.asker.ask(QUESTION, () => told++);
    happen(subject);
    asked[0]!.answer({ verdict: "allow", lifetime: 60_000 });
    assert.is(told, 0);
  });
}

asker("a lifetime of 0 does not ask in a circle", () => {
  const { subject, asked } = open();
  let lifetime = 0;
  subject.asker.ask(QUESTION, (answer) => { lifetime = answer.lifetime; });
  asked[0]!.answer({ verdict: "deny", lifetime: 0 });
  assert.is(lifetime, 1000);
});

asker("a verdict in use is asked about again before it ends; unanswered it ends, without the link too", () => {
  const { subject, asked, edits, state } = open();
  const entry = { ...QUESTION, verdict: "allow" as const, idleTimeout: 60 };
  subject.cache.put(entry, 10_000, 0);
  state.now = 6000;
  subject.tick();
  assert.is(asked.length, 0);
  state.now = 7000;
  subject.tick();
  subject.tick();
  assert.is(asked.length, 1);
  asked[0]!.answer({ verdict: "deny", lifetime: 20_000 });
  assert.equal(edits.at(-1), { setVerdicts: [{ ...entry, verdict: "deny" }], removeVerdicts: [] });
  state.connected = false;
  state.now = 26_999;
  subject.tick();
  assert.is(subject.cache.size, 1);
  state.now = 27_000;
  subject.tick();
  assert.is(subject.cache.size, 0);
  assert.equal(edits.at(-1)!.removeVerdicts!.length, 1);
});

asker.run();
