// SPDX-License-Identifier: Apache-2.0
// Devices never seen before and a backend that answers, refuses, is slow, is dead, or is flooded. It is a list of questions (a fake).
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Told } from "../../../backend-link/types.ts";
import { TOPOLOGY } from "../../../wifi-isolation/fake/scenario.ts";
import { Machine } from "../../test/machine.ts";
import { DeviceTable, Newcomers, type DeviceEvent, type DeviceOutcome } from "../index.ts";

const newcomers = suite("newcomers");
const MAC = "02:00:00:00:00:77";
const ALLOW: Told = { verdict: "allow", lifetime: 3_600_000 };
const DENY: Told = { verdict: "deny", lifetime: 60_000, reason: "not ours" };

function open({ connected = true, enabled = true } = {}) {
  const machine = new Machine();
  const table = new DeviceTable(TOPOLOGY);
  const questions: { mac: string; port: string; key?: string; answer: (told: Told) => void }[] = [];
  const events: DeviceEvent[] = [];
  const blocked: boolean[] = [];
  const told: string[] = [];
  const state = { connected, enabled };
  const apply = (outcomes: readonly DeviceOutcome[]): void => {
    events.push(...outcomes.flatMap((outcome) => outcome.events));
    const last = outcomes.flatMap(({ setDevices }) => setDevices).at(-1);
    if (last) blocked.push(last.blocked === true);
  };
  const subject = new Newcomers({
    table, timers: machine.platform.timers, now: () => machine.now, enabled: () => state.enabled, apply, told: (mac) => void told.push(mac), patience: 150,
    ask: (mac, port, key, answer) => {
      if (state.connected) questions.push({ mac, port, key, answer });
      return state.connected;
    },
  });
  /** Seconds. */
  const pass = (seconds: number): void => {
    for (let second = 0; second < seconds; second++) { machine.pass(1000); subject.tick(); }
  };
  return { machine, table, subject, questions, events, blocked, told, state, pass };
}

newcomers("the first packet of a MAC never seen waits for the answer; allowed, it joins", () => {
  const { table, subject, questions, told } = open();
  assert.is(subject.frame("wlan0", MAC), "wait");
  assert.is(subject.frame("wlan0", MAC), "wait", "one question for all its packets");
  assert.equal(questions.map(({ mac, port }) => [mac, port]), [[MAC, "wlan0"]]);
  assert.is(table.byMac(MAC), undefined);
  questions[0]!.answer(ALLOW);
  assert.is(table.byMac(MAC)!.blocked, undefined);
  assert.equal(told, [MAC]);
  assert.is(subject.frame("wlan0", MAC), undefined, "known from now on");
});

newcomers("denied, it is never in force unbarred, and people see why", () => {
  const { machine, table, subject, questions, events, blocked } = open();
  subject.frame("wlan0", MAC);
  questions[0]!.answer(DENY);
  assert.equal(blocked, [true]);
  assert.is(table.byMac(MAC)!.blocked, true);
  assert.is(table.info(MAC, machine.now)!.blocked, "denied by the backend: not ours");
  assert.ok(events.some((event) => event.type === "device-blocked" && event.reason.includes("not ours")));
  assert.is(table.frame("wlan0", MAC, machine.now).frame, "drop");
});

newcomers("a backend that never answers: it joins within the patience, and is asked about once more", () => {
  const { machine, table, subject, questions, told, pass } = open();
  subject.frame("wlan0", MAC);
  machine.pass(149);
  assert.is(table.byMac(MAC), undefined);
  machine.pass(1);
  assert.is(table.byMac(MAC)!.blocked, undefined);
  assert.equal(told, [MAC]);
  pass(300);
  assert.is(questions.length, 2);
});

newcomers("an answer that comes late still counts", () => {
  const { machine, table, subject, questions } = open();
  subject.frame("wlan0", MAC);
  machine.pass(150);
  questions[0]!.answer(DENY);
  assert.is(table.byMac(MAC)!.blocked, true);
});

newcomers("nobody to ask: it joins at once, and is asked about when the backend is back", () => {
  const { table, subject, questions, state, pass, machine } = open({ connected: false });
  assert.is(subject.frame("wlan0", MAC), undefined);
  table.frame("wlan0", MAC, machine.now);
  pass(2);
  assert.is(questions.length, 0);
  state.connected = true;
  pass(2);
  assert.equal(questions.map(({ mac }) => mac), [MAC]);
  questions[0]!.answer(DENY);
  assert.is(table.byMac(MAC)!.blocked, true);
});

newcomers("standalone, or not wanted: nothing is asked or held", () => {
  const { subject, questions } = open({ enabled: false });
  assert.is(subject.frame("wlan0", MAC), undefined);
  assert.is(subject.associated("wlan0", MAC, undefined), false);
  assert.is(questions.length, 0);
});

newcomers("a denial is asked about again after its lifetime, and stands while nobody answers", () => {
  const { table, subject, questions, pass, state } = open();
  subject.frame("wlan0", MAC);
  questions[0]!.answer(DENY);
  pass(59);
  assert.is(questions.length, 1);
  state.connected = false;
  pass(200);
  assert.is(table.byMac(MAC)!.blocked, true);
  state.connected = true;
  pass(61);
  assert.is(questions.length, 2);
  questions[1]!.answer(ALLOW);
  assert.is(table.byMac(MAC)!.blocked, undefined);
});

newcomers("a denial outlives a restart; leaving the backend ends it", () => {
  const { machine, table, subject, questions } = open();
  subject.frame("wlan0", MAC);
  questions[0]!.answer(DENY);
  const again = new DeviceTable(TOPOLOGY);
  again.restore(table.save(machine.now, machine.now), machine.now, machine.now);
  assert.is(again.byMac(MAC)!.blocked, true);
  assert.is(again.info(MAC, machine.now)!.blocked, "denied by the backend: not ours");
  subject.release();
  assert.is(table.byMac(MAC)!.blocked, undefined);
});

newcomers("a station that moves stays barred", () => {
  const { machine, table, subject, questions } = open();
  subject.associated("wlan0", MAC, "alice");
  questions[0]!.answer(DENY);
  table.associated("wlan1", MAC, "alice", machine.now);
  assert.is(table.byMac(MAC)!.blocked, true);
});

newcomers("the radio's word waits with the question, and carries the key", () => {
  const { table, subject, questions, told, machine } = open();
  assert.is(subject.associated("wlan0", MAC, "alice"), true);
  assert.is(table.byMac(MAC), undefined);
  assert.is(questions[0]!.key, "alice");
  assert.is(subject.frame("wlan0", MAC), "wait");
  questions[0]!.answer(ALLOW);
  assert.equal(table.info(MAC, machine.now)!.key, "alice");
  assert.is(table.info(MAC, machine.now)!.associated, true);
  assert.equal(told, [MAC]);
  assert.is(subject.associated("wlan0", MAC, "alice"), false, "known: the table's business");
});

newcomers("a station that went before the answer does not join", () => {
  const { table, subject, questions, machine } = open();
  subject.associated("wlan0", MAC, undefined);
  subject.disassociated("wlan0", (mac) => mac === MAC);
  machine.pass(200);
  questions[0]!.answer(ALLOW);
  assert.is(table.byMac(MAC), undefined);
});

newcomers("1,000 new MACs at once: as many questions as may join, no more, and the rest is dropped", () => {
  const { subject, table, questions, machine, pass } = open();
  const fates = Array.from({ length: 1000 }, (_, i) => subject.frame("wlan0", `02:00:00:01:${(i >> 8).toString(16).padStart(2, "0")}:${(i & 255).toString(16).padStart(2, "0")}`));
  assert.is(questions.length, table.limits.joinBurst);
  assert.is(fates.filter((fate) => fate === "wait").length, table.limits.joinBurst);
  assert.is(fates.filter((fate) => fate === "drop").length, 1000 - table.limits.joinBurst);
  assert.is(subject.open, table.limits.joinBurst);
  machine.pass(150);
  assert.is(subject.open, 0);
  pass(120);
  assert.ok(questions.length <= 2 * table.limits.joinBurst, `${questions.length} questions`);
});

newcomers("a known device is never asked about or held", () => {
  const { table, subject, questions, machine } = open();
  table.frame("wlan0", MAC, machine.now);
  assert.is(subject.frame("wlan0", MAC), undefined);
  assert.is(subject.frame("wlan1", MAC), undefined, "elsewhere neither: that is the table's business");
  assert.is(questions.length, 0);
});

newcomers("the router's address is nobody's device", () => {
  const { subject, questions } = open();
  for (const mac of TOPOLOGY.gatewayMacs) assert.is(subject.frame("wlan0", mac), undefined);
  assert.is(questions.length, 0);
});

newcomers.run();
