// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import * as assert from "uvu/assert";
import "quickjs-ts/platform";

const test = suite("text");
const encode = (text: string): number[] => [...new TextEncoder().encode(text)];
const decode = (bytes: number[], options = {}): string => new TextDecoder("utf-8", options).decode(Uint8Array.from(bytes));

test("text and bytes correspond, through all lengths of sequences", () => {
  for (const [text, bytes] of [["", []], ["a", [0x61]], ["é", [0xc3, 0xa9]], ["€", [0xe2, 0x82, 0xac]], ["😀", [0xf0, 0x9f, 0x98, 0x80]], ["\0x", [0, 0x78]]] as [string, number[]][]) {
    assert.equal(encode(text), bytes);
    assert.is(decode(bytes), text);
  }
});

test("a lone surrogate is encoded as U+FFFD", () => {
  assert.equal(encode("a\ud800b"), [0x61, 0xef, 0xbf, 0xbd, 0x62]);
  assert.equal(encode("\udc00"), [0xef, 0xbf, 0xbd]);
});

// WHATWG Encoding: one U+FFFD per maximal subpart (Unicode 15, section 3.9, tables 3-8 to 3-11).
for (const [bytes, expected] of [
  [[0x80], "\ufffd"], [[0xc0, 0xaf], "\ufffd\ufffd"], [[0xe0, 0x80, 0x80], "\ufffd\ufffd\ufffd"], [[0xed, 0xa0, 0x80], "\ufffd\ufffd\ufffd"],
  [[0xf4, 0x91, 0x92, 0x93, 0xff, 0x41], "\ufffd\ufffd\ufffd\ufffd\ufffdA"], [[0xe1, 0x80, 0xe2, 0xf0, 0x91, 0x92, 0xf1, 0xbf, 0x41], "\ufffd\ufffd\ufffd\ufffdA"],
  [[0x61, 0xe2, 0x82], "a\ufffd"],
] as [number[], string][]) {
  test(`malformed ${bytes.map((byte) => byte.toString(16)).join(" ")}`, () => {
    assert.is(decode(bytes), expected);
    assert.throws(() => decode(bytes, { fatal: true }), (error: unknown) => error instanceof TypeError);
  });
}

test("a byte order mark is dropped once, or kept when asked", () => {
  assert.is(decode([0xef, 0xbb, 0xbf, 0x61]), "a");
  assert.is(decode([0xef, 0xbb, 0xbf, 0x61], { ignoreBOM: true }), "\ufeffa");
});

test("streaming gives the same text however the bytes are cut", () => {
  const text = "a€é😀\ud7ff and on";
  const bytes = new TextEncoder().encode(text);
  for (let cut = 0; cut <= bytes.length; cut++)
    for (let second = cut; second <= bytes.length; second++) {
      const decoder = new TextDecoder("utf-8", { fatal: true });
      const pieces = [bytes.subarray(0, cut), bytes.subarray(cut, second), bytes.subarray(second)];
      assert.is(pieces.map((piece) => decoder.decode(piece, { stream: true })).join("") + decoder.decode(), text, `${cut} ${second}`);
    }
});

test("a stream that stops inside a sequence ends with U+FFFD", () => {
  const decoder = new TextDecoder();
  assert.is(decoder.decode(Uint8Array.of(0x61, 0xf0, 0x9f), { stream: true }), "a");
  assert.is(decoder.decode(), "\ufffd");
  assert.is(decoder.decode(Uint8Array.of(0x62)), "b");
});

test.run();
