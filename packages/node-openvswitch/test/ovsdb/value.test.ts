// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { decodeSchema, decodeValue, defaultValue, encodeRow, encodeValue, Transaction, ValueError, type ColumnType } from "../../src/ovsdb/index.ts";
import { testSchema } from "./test-schema.ts";

const uuid = "11111111-2222-3333-4444-555555555555";
const schema = decodeSchema(testSchema);
const type = (column: string): ColumnType => schema.tables["Port"]!.columns[column]!;
const values = suite("values");

for (const [column, plain, wire] of [
  ["name", "p1", "p1"],
  ["tag", 5, 5],
  ["tag", undefined, ["set", []]],
  ["trunks", [1, 2], ["set", [1, 2]]],
  ["interfaces", [uuid], ["set", [["uuid", uuid]]]],
  ["external_ids", new Map([["a", "b"]]), ["map", [["a", "b"]]]],
  ["bytes", 9223372036854775807n, 9223372036854775807n],
  ["ratio", 1.5, 1.5],
  ["up", true, true],
] as const) {
  values(`${column} both ways: ${JSON.stringify(wire, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value))}`, () => {
    assert.equal(encodeValue(plain, type(column), column), wire);
    assert.equal(decodeValue(wire, type(column), column), plain);
  });
}

values("a set of one may come as an atom, an optional one as a set", () => {
  assert.equal(decodeValue(7, type("trunks"), "trunks"), [7]);
  assert.is(decodeValue(["set", [5]], type("tag"), "tag"), 5);
});

values("a named uuid stands for a row of the same transaction", () => {
  assert.equal(encodeValue([{ named: "row0" }, uuid], type("interfaces"), "interfaces"), ["set", [["named-uuid", "row0"], ["uuid", uuid]]]);
});

values("a plain object stands for a map", () => assert.equal(encodeValue({ a: "b" }, type("external_ids"), "x"), ["map", [["a", "b"]]]));

for (const [column, input, expected] of [
  ["tag", "5", "integer"], ["tag", 1.5, "integer"], ["tag", [1, 2], "0 to 1 elements"], ["name", undefined, "string"], ["interfaces", ["br0"], "uuid"],
  ["external_ids", ["a"], "a Map or an object"], ["external_ids", { a: 1 as unknown as string }, "string"], ["bytes", 2n ** 63n, "integer"], ["ratio", NaN, "real"],
  ["mode", "sideways", "one of access, trunk"],
] as const) {
  values(`writing ${column} = ${String(input)}: expected ${expected}`, () => {
    const error = failure(() => encodeRow({ [column]: input as never }, "Port", schema.tables["Port"]!));
    assert.is(error.path, `Port.${column}`);
    assert.is(error.expected, expected);
  });
}

for (const [column, wire] of [
  ["tag", ["set", [1, 2]]], ["tag", "x"], ["name", ["set", []]], ["interfaces", ["uuid", "nonsense"]], ["interfaces", ["set", [["named-uuid", "a"]]]], ["external_ids", ["map", [["a"]]]],
  ["external_ids", ["set", []]], ["up", 1], ["bytes", null], ["trunks", ["set", 5]], ["trunks", {}],
] as const) {
  values(`reading ${column} = ${JSON.stringify(wire)} is refused`, () => assert.is(failure(() => decodeValue(wire as never, type(column), `Port.${column}`)).path, `Port.${column}`));
}

values("defaults by type", () => {
  const names = ["name", "tag", "trunks", "external_ids", "bytes", "up"];
  assert.equal(names.map((name) => defaultValue(type(name))), ["", undefined, [], new Map(), 0, false]);
});

values("a transaction from plain values", () => {
  const t = new Transaction(schema);
  const port = t.insert("Port", { name: "p9", tag: 3 });
  t.update("Port", [["name", "==", "p1"]], { interfaces: [port] })
    .mutate("Port", [["trunks", "includes", [4]]], [["trunks", "insert", [5, 6]], ["external_ids", "delete", ["a"]], ["bytes", "+=", 1]])
    .delete("Port", [["_uuid", "==", uuid]])
    .wait("Port", [], "==", [{ name: "p9" }], 0);
  assert.equal(t.operations, [
    { op: "insert", table: "Port", row: { name: "p9", tag: 3 }, "uuid-name": "row0" },
    { op: "update", table: "Port", where: [["name", "==", "p1"]], row: { interfaces: ["set", [["named-uuid", "row0"]]] } },
    { op: "mutate", table: "Port", where: [["trunks", "includes", ["set", [4]]]], mutations: [["trunks", "insert", ["set", [5, 6]]], ["external_ids", "delete", ["set", ["a"]]], ["bytes", "+=", 1]] },
    { op: "delete", table: "Port", where: [["_uuid", "==", ["uuid", uuid]]] },
    { op: "wait", table: "Port", where: [], columns: ["name"], until: "==", rows: [{ name: "p9" }], timeout: 0 },
  ]);
});

values("a wrong table or column is named before anything is sent", () => {
  const t = new Transaction(schema);
  assert.is(failure(() => t.insert("Prot", {})).path, "Prot");
  assert.is(failure(() => t.update("Port", [], { nam: "x" })).path, "Port.nam");
  assert.is(failure(() => t.delete("Port", [["nam", "==", "x"]])).path, "Port.nam");
  assert.is(t.operations.length, 0);
});

values("a malformed schema names the place", () => {
  assert.throws(() => decodeSchema({ name: "X", tables: { T: { columns: { c: { type: "colour" } } } } }), /T\.c: expected an atomic type/);
  assert.throws(() => decodeSchema({ name: "X", tables: { T: {} } }), /T\.columns: expected an object/);
  assert.throws(() => decodeSchema([]), /schema: expected an object/);
});

function failure(action: () => unknown): ValueError {
  try {
    action();
  } catch (error) {
    if (error instanceof ValueError) return error;
    throw error;
  }
  throw new Error("was accepted");
}
values.run();
