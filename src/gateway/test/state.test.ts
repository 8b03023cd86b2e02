// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MAX_OVERRIDES, Overrides } from "../overrides.ts";
import { StateDirectory } from "../state.ts";
import { nextDelay } from "../supervisor.ts";
import { Machine, quiet } from "./machine.ts";

const state = suite("state directory");
state("many changes within two seconds are one write, with the newest content", () => {
  const machine = new Machine();
  const directory = new StateDirectory(machine.platform, "/s", quiet);
  let version = 0;
  const change = (): void => { version++; directory.save("f", () => String(version)); };
  change();
  machine.pass(0);
  assert.is(machine.disk.get("/s/f"), "1");
  for (let count = 0; count < 100; count++) { change(); machine.pass(10); }
  assert.is(machine.writes, 1);
  machine.pass(1000);
  assert.is(machine.writes, 2);
  assert.is(machine.disk.get("/s/f"), "101");
});

state("flush writes what waits, once", () => {
  const machine = new Machine();
  const directory = new StateDirectory(machine.platform, "/s", quiet);
  directory.save("f", () => "x");
  assert.not(directory.saved);
  directory.flush();
  directory.flush();
  assert.ok(directory.saved);
  assert.is(machine.writes, 1);
});

state("a full disk: the error is kept, nothing is lost, and it is tried again", () => {
  const machine = new Machine();
  const directory = new StateDirectory(machine.platform, "/s", quiet);
  machine.full = true;
  directory.save("f", () => "x");
  machine.pass(0);
  assert.match(directory.error!, "ENOSPC");
  machine.full = false;
  machine.pass(10_000);
  assert.is(directory.error, undefined);
  assert.is(machine.disk.get("/s/f"), "x");
});

state("overrides outlive a restart, the same one is not added twice, ids are not reused", () => {
  const machine = new Machine();
  const directory = new StateDirectory(machine.platform, "/s", quiet);
  const first = new Overrides(directory, quiet);
  first.add({ kind: "quarantine", device: "02:00:00:00:00:66" }, "t");
  const allow = first.add({ kind: "allow", a: "02:00:00:00:00:11", b: "internet", service: "all" }, "t");
  assert.is(first.add({ kind: "allow", a: "02:00:00:00:00:11", b: "internet", service: "all" }, "later").id, allow.id);
  first.undo();
  directory.flush();
  const second = new Overrides(directory, quiet);
  assert.equal(second.list, [{ kind: "quarantine", device: "02:00:00:00:00:66" }]);
  assert.is(second.add({ kind: "quarantine", device: "02:00:00:00:00:67" }, "t").id, 3);
  assert.is(second.undo(1).text, "quarantine 02:00:00:00:00:66");
  assert.throws(() => second.undo(1), /no override has the id 1/);
  second.undo();
  assert.throws(() => second.undo(), /nothing to undo/);
});

state("a decision that a contrary one followed becomes the newest when it is made again; else it stays where it is", () => {
  const machine = new Machine();
  const directory = new StateDirectory(machine.platform, "/s", quiet);
  const overrides = new Overrides(directory, quiet);
  const [isolate, allow, deny] = [{ kind: "isolate", device: "02:00:00:00:00:11" }, { kind: "allow", a: "02:00:00:00:00:11", b: "internet", service: "all" }, { kind: "deny", a: "02:00:00:00:00:11", b: "internet", service: "udp" }] as const;
  assert.is(overrides.add(isolate, "t").text, "isolate 02:00:00:00:00:11");
  assert.is(overrides.add(deny, "t").text, "deny 02:00:00:00:00:11 internet udp");
  assert.is(overrides.add(isolate, "later").id, 1);
  overrides.add(allow, "t");
  assert.is(overrides.add(isolate, "later").id, 4);
  assert.equal(overrides.list, [deny, allow, isolate]);
  directory.flush();
  assert.equal(new Overrides(directory, quiet).list, [deny, allow, isolate]);
});

state("overrides are bounded", () => {
  const overrides = new Overrides(new StateDirectory(new Machine().platform, "/s", quiet), quiet);
  for (let id = 0; id < MAX_OVERRIDES; id++) overrides.add({ kind: "quarantine", device: `02:00:00:00:0${id >> 8}:${(id & 255).toString(16)}` }, "t");
  assert.throws(() => overrides.add({ kind: "quarantine", device: "02:00:00:00:00:zz" }, "t"), /undo one first/);
});

state("a damaged file is reported, and the gateway starts without it", () => {
  const machine = new Machine();
  for (const text of ["", "{", "7", "null", '{"records":7}', '{"next":1,"records":[{"id":1,"at":"t","override":{"kind":"allow"}},null]}']) {
    machine.disk.set("/s/overrides.json", text);
    assert.equal(new Overrides(new StateDirectory(machine.platform, "/s", quiet), quiet).list, [], text);
  }
});

state("the supervisor's back-off doubles to ten seconds and starts over after a long life", () => {
  let delay: number | undefined;
  const delays = Array.from({ length: 9 }, () => (delay = nextDelay(delay, 5)));
  assert.equal(delays, [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
  assert.is(nextDelay(10_000, 60_000), 100);
});

state.run();
