// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Change, decodeSchema, DoubtError, type Json, Monitor, Replica } from "../../src/ovsdb/index.ts";
import { testSchema } from "./test-schema.ts";

const schema = decodeSchema(testSchema);
const a = "aaaaaaaa-0000-0000-0000-000000000000", b = "bbbbbbbb-0000-0000-0000-000000000000", c = "cccccccc-0000-0000-0000-000000000000";
const columns = ["name", "tag", "trunks", "external_ids"];

function loaded(): { replica: Replica; seen: Change[][]; names: () => string[] } {
  const replica = new Replica(schema, { Port: { columns } });
  replica.load({ Port: { [a]: { initial: { name: "a", tag: 1, trunks: ["set", [1, 2]], external_ids: ["map", [["k", "v"], ["l", "w"]]] } }, [b]: { initial: { name: "b" } } } }, 2);
  const seen: Change[][] = [];
  replica.onChange((changes) => seen.push([...changes]));
  return { replica, seen, names: () => [...replica.table("Port").values()].map((row) => row["name"] as string).sort() };
}
const brief = (changes: readonly Change[]): string[] => changes.map(({ before, after }) => `${String(before?.["name"] ?? "-")}>${String(after?.["name"] ?? "-")}`).sort();

const replica = suite("replica");

replica("columns that an insert leaves out have their defaults", () => {
  assert.equal(loaded().replica.table("Port").get(b), { _uuid: b, name: "b", tag: undefined, trunks: [], external_ids: new Map() });
});

for (const [column, wire, expected] of [
  ["tag", 2, 2],
  ["tag", ["set", []], undefined],
  ["trunks", ["set", [2, 3]], [1, 3]],
  ["trunks", 1, [2]],
  ["external_ids", ["map", [["k", "v"], ["l", "x"], ["m", "y"]]], new Map([["l", "x"], ["m", "y"]])],
] as const) {
  replica(`a difference of ${column}: ${JSON.stringify(wire)}`, () => {
    const { replica } = loaded();
    const before = replica.table("Port").get(a)!;
    const copy = { ...before };
    replica.apply({ Port: { [a]: { modify: { [column]: wire as Json } } } }, 2);
    assert.equal(replica.table("Port").get(a)![column], expected);
    assert.equal(before, copy, "a row that was given out does not change");
  });
}

replica("listeners see a transaction when all of it is there", () => {
  const { replica, seen, names } = loaded();
  let during: string[] = [];
  replica.onChange(() => (during = names()));
  replica.apply({ Port: { [a]: { delete: null }, [b]: { modify: { name: "bb" } }, [c]: { insert: { name: "c" } } } }, 2);
  assert.equal(during, ["bb", "c"]);
  assert.equal(seen.map(brief), [["->c", "a>-", "b>bb"]]);
});

const doubts: [string, Json][] = [
  ["a row inserted twice", { Port: { [c]: { insert: { name: "c" } }, [a]: { insert: { name: "a" } } } }],
  ["a change of a row that is not there", { Port: { [b]: { modify: { name: "x" } }, [c]: { modify: { name: "c" } } } }],
  ["a deletion of a row that is not there", { Port: { [a]: { delete: null }, [c]: { delete: null } } }],
  ["a table that is not monitored", { Port: { [a]: { delete: null } }, Bridge: {} }],
  ["a column that is not monitored", { Port: { [b]: { delete: null }, [a]: { modify: { up: true } } } }],
  ["a value of the wrong type", { Port: { [b]: { delete: null }, [a]: { modify: { name: 5 } } } }],
  ["neither insert, modify nor delete", { Port: { [b]: { delete: null }, [a]: {} } }],
  ["no object", [] as Json],
];
for (const [name, update] of doubts) {
  replica(`doubt: ${name}; nothing of the update is applied`, () => {
    const { replica, seen, names } = loaded();
    assert.throws(() => replica.apply(update, 2), (error: Error) => error instanceof DoubtError);
    assert.equal(names(), ["a", "b"]);
    assert.is(seen.length, 0);
  });
}

replica("updates of RFC 7047's own form", () => {
  const { replica, seen } = loaded();
  replica.apply({ Port: { [a]: { old: { name: "a" }, new: { name: "aa", tag: ["set", []], trunks: 1, external_ids: ["map", []] } }, [b]: { old: { name: "b" } }, [c]: { new: { name: "c" } } } }, 1);
  assert.equal(brief(seen[0]!), ["->c", "a>aa", "b>-"]);
  assert.throws(() => replica.apply({ Port: { [b]: { old: {}, new: { name: "b" } } } }, 1), /not there/);
});

replica("a dump after a gap tells the net difference, as one transaction", () => {
  const { replica, seen } = loaded();
  const same = replica.table("Port").get(b);
  replica.load({ Port: { [b]: { initial: { name: "b" } }, [c]: { initial: { name: "c" } } } }, 2);
  assert.equal(seen.map(brief), [["->c", "a>-"]]);
  assert.is(replica.table("Port").get(b), same, "a row that did not change stays the same object");
});

replica("an unknown table or column is the caller's error", () => {
  assert.throws(() => new Replica(schema, { Prot: {} }), /Prot/);
  assert.throws(() => new Replica(schema, { Port: { columns: ["nam"] } }), /Port\.nam/);
  assert.throws(() => loaded().replica.table("Bridge"), /monitored tables Port/);
});

const monitor = suite("monitor");
const fresh = (): Monitor => new Monitor("Test", { Port: { columns } }, new Replica(schema, { Port: { columns } }));
const insert = (uuid: string, name: string): Json => ({ Port: { [uuid]: { insert: { name } } } });

monitor("updates before the reply are applied after it, in order", () => {
  const m = fresh();
  m.request("monitor_cond", 7);
  assert.ok(m.notification("update2", [7, insert(b, "b")]));
  assert.ok(m.notification("update2", [7, { Port: { [b]: { modify: { name: "bb" } } } }]));
  assert.is(m.replica.table("Port").size, 0);
  m.reply({ Port: { [a]: { initial: { name: "a" } } } });
  assert.equal([...m.replica.table("Port").values()].map((row) => row["name"]), ["a", "bb"]);
});

monitor("updates of another monitor are not ours", () => {
  const m = fresh();
  m.request("monitor_cond", 7);
  assert.not.ok(m.notification("update2", [6, insert(b, "b")]));
  m.reply({});
  assert.not.ok(m.notification("update2", [6, insert(b, "b")]));
  assert.is(m.replica.table("Port").size, 0);
});

monitor("the queue before the reply is bounded", () => {
  const m = fresh();
  m.request("monitor_cond", 1);
  for (let i = 0; i < 64; i++) m.notification("update2", [1, {}]);
  assert.throws(() => m.notification("update2", [1, {}]), /more than 64/);
});

monitor("monitor_cond_since goes on from the last transaction, and from nothing after a doubt", () => {
  const m = fresh();
  assert.is(m.request("monitor_cond_since", 1).params[3], "00000000-0000-0000-0000-000000000000");
  m.reply([false, a, { Port: { [a]: { initial: { name: "a" } } } }]);
  m.notification("update3", [1, b, insert(b, "b")]);
  m.lost(false);
  assert.not.ok(m.replica.synchronized);
  assert.is(m.request("monitor_cond_since", 2).params[3], b);
  m.reply([true, c, insert(c, "c")]);
  assert.ok(m.replica.synchronized);
  assert.is(m.replica.table("Port").size, 3);
  m.lost(true);
  assert.is(m.request("monitor_cond_since", 3).params[3], "00000000-0000-0000-0000-000000000000");
  m.reply([false, c, insert(c, "c")]);
  assert.is(m.replica.table("Port").size, 1);
});

monitor("malformed replies are doubts", () => {
  for (const reply of [null, [], [true, 5, {}], [false, a, []], "x"] as Json[]) {
    const m = fresh();
    m.request("monitor_cond_since", 1);
    assert.throws(() => m.reply(reply), (error: Error) => error instanceof DoubtError, JSON.stringify(reply));
  }
});

replica.run();
monitor.run();
