// SPDX-License-Identifier: Apache-2.0
// Truncated, oversized and hostile bytes give typed errors that name the byte; values that cannot be written give errors that name them.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  type CodecError, decodeMessage, decodeSignature, decodeTable, DecodeError, Double, EncodeError, encodeMessage, encodeTable, formatJson, Int16, Int8, MAX_DEPTH, MAX_MESSAGE, MessageFramer, MessageType,
  OversizedError, type Table, type Value,
} from "../../src/codec/index.ts";
import { fromHex, toHex } from "../vectors.ts";

const test = suite("ubus malformed input");

function errorOf(run: () => unknown): CodecError {
  try {
    run();
  } catch (error) {
    if (error instanceof DecodeError || error instanceof EncodeError || error instanceof OversizedError) return error;
    throw error;
  }
  throw new Error("no error");
}

const message = (hex: string): string => errorOf(() => decodeMessage(fromHex(hex))).message;
const table = (hex: string): string => errorOf(() => decodeTable(fromHex(hex))).message;

test("messages", () => {
  assert.is(message("00030001"), "message: 4 bytes, at least 12 expected at byte 0");
  assert.is(message("010300010000000000000004"), "message: version 1, expected 0 at byte 0");
  assert.is(message("000300010000000000000003"), "message: body of 3 bytes, at least 4 expected at byte 8");
  assert.is(message("00010001000000000000000c 01000008"), "message: 16 bytes, its header says 20 at byte 8");
  assert.is(message("00010001000000000000000c 0100000900000000"), "attribute: length 9 with padding, but 8 bytes are left at byte 12");
  assert.is(message("00010001000000000000000c 0100000700000000"), "status: 3 bytes, 4 expected at byte 16");
  assert.is(message("00040001000000000000000c 0200000864656d6f"), "path: does not end with NUL at byte 19");
  assert.is(message("000100010000000000000010 0b00000c 0000000600010000"), "subscribers: 2 bytes, 4 expected at byte 20");
});

test("tables", () => {
  assert.is(table("8500000b 00016e00 000001"), "attribute: length 11 with padding, but 11 bytes are left at byte 0");
  assert.is(table("8500000b 00016e00 00000100"), "value of type 5: 3 bytes, 4 expected at byte 8");
  assert.is(table("83000008 ffff6100"), "name: length 65535, but the attribute ends 4 bytes after it began at byte 4");
  assert.is(table("83000004"), "name: 0 bytes are left, at least 4 expected at byte 4");
  assert.is(table("8300000c 00017300 41004200"), "string: a NUL inside at byte 9");
  assert.is(table("8300000a 00017300 41420000"), "string: does not end with NUL at byte 9");
  assert.is(table("8300000c 0002610000000000"), "name: a NUL inside at byte 7");
  assert.is(table("89000008 00000000"), "value of unknown type 9 at byte 8");
  assert.is(table("82000003"), "attribute: length 3, at least 4 expected at byte 0");
  assert.is(table("820000"), "attribute: 3 bytes are left, at least 4 expected at byte 0");
});

test("tables nested as deep as stated decode, deeper ones do not, in either direction", () => {
  const nested = (depth: number): Table => {
    let value: Value = {};
    for (let i = 1; i < depth; i++) value = i % 2 ? { t: value } : [value];
    return value as Table;
  };
  const wrapped = { t: nested(MAX_DEPTH - 1) };
  assert.equal(decodeTable(encodeTable(wrapped)), wrapped);
  assert.match(errorOf(() => encodeTable({ t: nested(MAX_DEPTH) })).message, /expected at most 64 tables and arrays within each other/);
  let bytes = "";
  for (let i = 0; i < 20_000; i++) bytes += (0x82000000 + 8 * (20_000 - i)).toString(16) + "00000000";
  assert.match(errorOf(() => decodeTable(fromHex(bytes))).message, /^nested more than 64 deep at byte/);
});

test("values that cannot be written are named", () => {
  const refusal = (value: unknown): string => errorOf(() => encodeTable({ list: [{ x: value as Value }] })).message;
  assert.is(refusal(1n << 64n), "list[0].x: expected an integer of 64 bits");
  assert.is(refusal("a\0b"), "list[0].x: expected a string without NUL and without half of a surrogate pair");
  assert.is(refusal("\ud800"), "list[0].x: expected a string without NUL and without half of a surrogate pair");
  assert.is(refusal(() => 1), "list[0].x: expected a value of blobmsg, not a function");
  assert.is(errorOf(() => new Int8(256)).message, "Int8: expected an integer of -128 to 255");
  assert.is(errorOf(() => new Int16(1.5)).message, "Int16: expected an integer of -32,768 to 65,535");
  assert.is(errorOf(() => encodeTable({ ["a\0b"]: 1 })).message, "a\0b: expected a string without NUL and without half of a surrogate pair");
  assert.instance(errorOf(() => encodeTable({ text: "x".repeat(1 << 20) })), OversizedError);
  const circular: Table = {};
  circular["again"] = circular;
  assert.match(errorOf(() => encodeTable(circular)).message, /at most 64/);
});

test("numbers choose their type by value alone, wrapped ones keep it", () => {
  const types = (value: Value): string => toHex(encodeTable({ v: value })).slice(0, 2);
  assert.equal([0, -1, 2147483647, -2147483648].map(types), ["85", "85", "85", "85"]);
  assert.equal([2147483648, 9007199254740991, 1n, new Int16(1), new Int8(1), true].map(types), ["84", "84", "84", "86", "87", "87"]);
  assert.equal([0.5, -0, NaN, Infinity, 9007199254740992, 1e300, new Double(1)].map(types), ["88", "88", "88", "88", "88", "88", "88"]);
});

test("what cannot harm is read: names that are special to JavaScript, doubled or empty; padding that is not zero; elements without name headers", () => {
  const special = decodeTable(fromHex("82000018 00095f5f70726f746f5f5f00 0500000800000001"));
  assert.equal(Object.keys(special), ["__proto__"]);
  assert.is(Object.getPrototypeOf(special), Object.prototype);
  assert.equal(decodeTable(fromHex("8500000c0001610000000001 8500000c0001610000000002 87000009000162 00 01ffffff")), { a: 2, b: true });
  assert.equal(decodeTable(fromHex("8100001c 0003617272000000 0500000800000007 0300000641000000")), { arr: [7, "A"] });
});

test("strings that are no UTF-8 come back as they were", () => {
  for (const hex of ["fffe41", "c328", "eda080", "f09f98", "efbbbf41", "80", "c3a9ff", "41" + "ff".repeat(40)]) {
    const size = (9 + hex.length / 2).toString(16).padStart(6, "0");
    const bytes = `83${size}00017300${hex}00`.padEnd(Math.ceil((9 + hex.length / 2) / 4) * 8, "0");
    assert.is(toHex(encodeTable(decodeTable(fromHex(bytes)))), bytes, hex);
  }
});

test("the framer refuses what is too long before it comes, and holds no more than came", () => {
  const framer = new MessageFramer();
  assert.instance(errorOf(() => framer.push(fromHex("000200010000000000100004"), () => {})), OversizedError);
  const patient = new MessageFramer();
  patient.push(fromHex("0002000100000000000f0000"), () => assert.unreachable());
  assert.is(patient.held, 12);
  const longest = encodeMessage({ type: MessageType.data, seq: 1, peer: 2, data: new Uint8Array(MAX_MESSAGE - 16) });
  assert.is(longest.length, MAX_MESSAGE);
  const lengths: number[] = [];
  const slow = new MessageFramer();
  for (let at = 0; at < longest.length; at += 65_536) slow.push(longest.subarray(at, at + 65_536), (bytes) => lengths.push(bytes.length));
  assert.equal(lengths, [MAX_MESSAGE]);
  assert.instance(errorOf(() => encodeMessage({ type: MessageType.data, seq: 1, peer: 2, data: new Uint8Array(MAX_MESSAGE - 15) })), OversizedError);
});

test("JSON has 64-bit integers as digits", () => {
  const value = { big: 9007199254740993n, d: new Double(2), b: new Int8(5), i: new Int16(-1), list: [1n, null], none: {}, no: [] };
  assert.is(formatJson(value), '{"big":9007199254740993,"d":2,"b":true,"i":-1,"list":[1,null],"none":{},"no":[]}');
  assert.is(formatJson({ a: { b: [1, {}] } }, 2), '{\n  "a": {\n    "b": [\n      1,\n      {}\n    ]\n  }\n}');
});

test("a declaration that is no table of types has none", () => {
  assert.is(JSON.stringify(decodeSignature(encodeTable({ text: "abc", real: new Double(2), list: [1], good: { a: 3 } }))), '{"text":{},"real":{},"list":{},"good":{"a":"string"}}');
});

test.run();
