// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { BATCH, MAX_BYTES, MAX_EVENTS, Outbox, WRITES_PER_HOUR, type Level } from "../outbox.ts";

const HOUR = 3_600_000;
const outbox = suite("outbox");
const add = (box: Outbox, level: Level, event: string, now = 0): void => box.add(level, event, {}, undefined, now);
const names = (box: Outbox): string[] => {
  const list: string[] = [];
  for (let batch = box.batch(); batch; batch = box.batch()) {
    list.push(...batch.events.map((event) => `${batch!.stream}/${event.n} ${event.event}`));
    box.acknowledge(batch.stream, batch.events.at(-1)!.n, 0);
  }
  return list;
};

outbox("10,000 events while nobody listens: 512 stay, the newest, errors before all else", () => {
  const box = new Outbox("s", undefined);
  for (let count = 0; count < 10_000; count++) add(box, count % 100 === 0 ? "error" : count % 2 === 0 ? "info" : "debug", `e${count}`);
  assert.is(box.size, MAX_EVENTS);
  assert.is(box.lost, 10_000 - MAX_EVENTS);
  const kept = names(box);
  assert.is(kept.filter((name) => Number(name.split(" e")[1]) % 100 === 0).length, 100, "all the errors");
  assert.is(kept.at(-1), "s/9998 e9998", "the newest info");
  assert.not(kept.includes("s/9999 e9999"), "a debug event gives way to any other");
});

outbox("64 KiB is the other bound, and one event cannot be longer than its parts allow", () => {
  const box = new Outbox("s", undefined);
  for (let count = 0; count < 300; count++) box.add("info", "x", { text: "y".repeat(5000), count }, 5, 0);
  assert.ok(box.bytes <= MAX_BYTES && box.bytes > MAX_BYTES - 1000, `${box.bytes}`);
  assert.ok(String(box.batch()!.events[0]!.fields["text"]).length <= 400);
  assert.is(box.size + box.lost, 300);
});

outbox("batches of 64, kept until they are acknowledged, in order", () => {
  const box = new Outbox("s", undefined);
  for (let count = 0; count < 100; count++) add(box, "info", `e${count}`);
  assert.is(box.batch()!.events.length, BATCH);
  assert.is(box.batch()!.events[0]!.n, 0, "asked again, the same again");
  assert.is(box.acknowledge("another stream", 99, 0), 0);
  assert.is(box.acknowledge("s", 63, 0), 64);
  assert.is(box.first, 64);
  assert.is(box.batch()!.events.length, 36);
  box.acknowledge("s", 99, 0);
  assert.is(box.batch(), undefined);
  assert.is(box.first, 100);
});

outbox("after a restart: the old events under their old stream and numbers, new ones under a new stream", () => {
  const before = new Outbox("one", undefined);
  add(before, "warn", "a");
  add(before, "warn", "b");
  const saved: unknown = JSON.parse(JSON.stringify(before.toSave(HOUR)));
  add(before, "warn", "never on flash");
  const after = new Outbox("two", saved);
  add(after, "warn", "c");
  assert.equal(names(after), ["one/0 a", "one/1 b", "two/0 c"]);
});

outbox("no number stands for two events, whenever the program crashes", () => {
  const seen = new Map<string, string>();
  let flash: unknown;
  for (let start = 0; start < 20; start++) {
    const box = new Outbox(`stream${start}`, flash);
    for (let count = 0; count < 5; count++) add(box, "info", `start ${start} event ${count}`);
    if (start % 3 === 0) flash = JSON.parse(JSON.stringify(box.toSave(HOUR)));
    for (const name of names(box)) {
      const [number = "", ...text] = name.split(" ");
      assert.ok((seen.get(number) ?? text.join(" ")) === text.join(" "), `${number}: ${seen.get(number)} and ${text.join(" ")}`);
      seen.set(number, text.join(" "));
    }
  }
});

outbox("what is damaged on flash is nothing", () => {
  for (const damaged of [null, 5, "x", [], { entries: 5 }, { lost: -3, entries: [null, { stream: 5 }, { stream: "s", event: { n: -1 } }] }]) {
    const box = new Outbox("new", damaged);
    assert.is(box.size, 0);
    assert.is(box.lost, 0);
  }
});

outbox("an event each second for four hours: 12 writes in any hour at most", () => {
  const box = new Outbox("s", undefined);
  const writes: number[] = [];
  for (let now = 0; now < 4 * HOUR; now += 1000) {
    add(box, now % 10_000 === 0 ? "error" : "info", "e", now);
    if (box.toSave(now) !== undefined) writes.push(now);
  }
  for (const at of writes) assert.ok(writes.filter((other) => other >= at && other < at + HOUR).length <= WRITES_PER_HOUR);
  assert.ok(writes.length >= 3 * WRITES_PER_HOUR && writes.length <= 4 * WRITES_PER_HOUR, `${writes.length} writes`);
});

outbox("an error is on flash within 5 s, other events within 5 minutes; a stop writes at once", () => {
  const box = new Outbox("s", undefined);
  add(box, "info", "a", 1000);
  assert.is(box.saveDue(), 301_000);
  add(box, "error", "b", 2000);
  assert.is(box.saveDue(), 7000);
  assert.is(box.toSave(6999), undefined);
  assert.ok(box.toSave(7000));
  assert.is(box.saveDue(), undefined);
  add(box, "info", "c", 8000);
  assert.ok(box.toSave(8000, true));
  assert.is(box.toSave(8000, true), undefined, "nothing new");
});

outbox("events that come and are stored leave no trace on flash", () => {
  const box = new Outbox("s", undefined);
  add(box, "info", "a", 0);
  box.acknowledge("s", 0, 10);
  assert.is(box.saveDue(), undefined);
  assert.is(box.toSave(HOUR, true), undefined);
});

outbox("a write that failed is tried again, within the same budget", () => {
  const box = new Outbox("s", undefined);
  add(box, "error", "a", 0);
  assert.ok(box.toSave(5000));
  box.notSaved(5000);
  assert.is(box.saveDue(), 305_000);
});

outbox.run();
