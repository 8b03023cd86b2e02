// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { decodeJson, encodeJson, type Json, JsonFramer, ProtocolError } from "../../src/ovsdb/index.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
/** Messages out of a text that arrives in chunks of `size` bytes. */
function frames(text: string, size: number, framer = new JsonFramer()): Json[] {
  const all = bytes(text);
  const found: Json[] = [];
  for (let at = 0; at < all.length; at += size) framer.push(all.subarray(at, at + size), (json) => found.push(json));
  return found;
}
function refused(action: () => unknown): ProtocolError {
  try {
    action();
  } catch (error) {
    if (error instanceof ProtocolError) return error;
    throw error;
  }
  throw new Error("was accepted");
}

const json = suite("JSON");

json("64-bit integers stay intact both ways, smaller ones are numbers", () => {
  const text = '{"rx":9223372036854775807,"tx":-9223372036854775808,"n":9007199254740991,"m":9007199254740993,"r":0.1234567890123456789}';
  const value = decodeJson(text) as { [key: string]: Json };
  assert.equal(value, { rx: 9223372036854775807n, tx: -9223372036854775808n, n: 9007199254740991, m: 9007199254740993n, r: 0.12345678901234568 });
  assert.is(encodeJson({ rx: value["rx"]!, tx: value["tx"]!, m: value["m"]! }), '{"rx":9223372036854775807,"tx":-9223372036854775808,"m":9007199254740993}');
});

json("our parser and the engine's agree", () => {
  for (const text of ['{"a":[1,-2.5e3,true,false,null,"x\\"\\u00e4\\n"],"":{}, "b" : [ ] }', "[[],{},[{}]]", '"\\\\"', "0", "-0.0", '{"__proto__":{"x":1}}']) {
    assert.equal(decodeJson(text, true), JSON.parse(text), text);
  }
});

json("a member named __proto__ is a member", () => {
  const value = decodeJson('{"__proto__":{"polluted":9999999999999999999}}') as object;
  assert.ok(Object.hasOwn(value, "__proto__"));
  assert.is((value as { polluted?: unknown }).polluted, undefined);
});

json("what JSON cannot say is refused", () => {
  assert.throws(() => encodeJson(NaN), /NaN/);
  assert.throws(() => encodeJson([Infinity]), /Infinity/);
  assert.is(encodeJson({ a: undefined, b: null }), '{"b":null}');
});

for (const [text, at] of [["{", 1], ['{"a"1}', 4], ["[1,]", 3], ["[1 2]", 3], ["tru", 0], ["01", 1], ["-", 0], ['"\u0001"', 0], ['"\\x"', 0], ['{"a":1}x', 7], ["1e999", 5], ["", 0]] as const) {
  json(`malformed ${JSON.stringify(text)} names offset ${at}`, () => assert.is(refused(() => decodeJson(text, true)).at, at));
}

const framer = suite("framer");
const stream = ' {"id":1,"s":"}{\\"]["} \n{"id":2,"list":[{"deep":[]}],"big":12345678901234567890}{"ä":"ö€😀"}';
const expected = [{ id: 1, s: '}{"][' }, { id: 2, list: [{ deep: [] }], big: 12345678901234567890n }, { ä: "ö€😀" }];

framer("finds the messages however the bytes are cut", () => {
  for (let size = 1; size <= bytes(stream).length; size++) assert.equal(frames(stream, size), expected, `chunks of ${size}`);
});

framer("a message cut short at any byte is held, never given out", () => {
  const one = '{"method":"update","params":["x",{"t":{"\\u0041":"}"}}],"id":null}';
  for (let length = 0; length < one.length; length++) {
    const held = new JsonFramer();
    assert.is(frames(one.slice(0, length), 7, held).length, 0);
    assert.is(held.held, length);
  }
});

framer("garbage between messages is refused at its byte", () => {
  assert.is(refused(() => frames('{}x', 10)).at, 2);
  assert.match(refused(() => frames("[1]", 10)).message, /expected '\{', got byte 0x5b/);
});

framer("a message that is balanced but no JSON is refused", () => {
  assert.match(refused(() => frames('{"a":]', 10)).message, /JSON/);
  assert.match(refused(() => frames('{"a" 12345678901234567}', 10)).message, /expected ':'/);
});

framer("bytes that are not UTF-8 are refused", () => {
  const bad = bytes('{"a":"__"}');
  bad[6] = 0xff;
  assert.match(refused(() => new JsonFramer().push(bad, () => {})).message, /UTF-8/);
});

framer("hostile nesting is refused at the limit, before the message ends", () => {
  const error = refused(() => frames('{"a":'.repeat(1_000_000), 65_536));
  assert.match(error.message, /nested deeper than 64/);
  assert.is(error.at, 64 * 5);
});

framer("hostile size is refused at the limit, and no more than that is held", () => {
  const limited = new JsonFramer({ maxSize: 1000 });
  assert.match(refused(() => frames(`{"a":"${"x".repeat(100_000)}`, 100, limited)).message, /longer than 1000 bytes/);
  assert.ok(limited.held <= 1100);
  assert.match(refused(() => frames(`{"a":"${"x".repeat(2000)}"}`, 100_000, new JsonFramer({ maxSize: 1000 }))).message, /longer than 1000 bytes/);
});

framer("time grows with the bytes, not with their square", () => {
  const time = (size: number): number => {
    const text = `{"a":"${"x".repeat(size)}"}`;
    // The quickest of several: what else the machine does only adds.
    return Math.min(...Array.from({ length: 5 }, () => {
      const start = Date.now();
      frames(text, 256);
      return Date.now() - start + 1;
    }));
  };
  time(50_000);
  const small = time(100_000);
  assert.ok(time(800_000) < small * 30 + 50, "eight times the bytes");
});

json.run();
framer.run();
