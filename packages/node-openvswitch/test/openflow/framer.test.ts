// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DecodeError, encode, MessageFramer } from "../../src/openflow/index.ts";
import { toHex } from "./vectors.ts";

const test = suite("openflow framer");

const echo = (size: number, xid: number) => encode({ type: "echo-request", data: new Uint8Array(size).fill(xid) }, { version: 4, xid });
const MESSAGES = [echo(0, 1), echo(1, 2), echo(300, 3), echo(0, 4), echo(65527, 5), echo(9, 6)];
const STREAM = Uint8Array.from(MESSAGES.flatMap((message) => [...message]));

/** What comes out when the stream arrives in pieces of `size` bytes. */
function framed(size: number): string[] {
  const framer = new MessageFramer();
  const found: string[] = [];
  for (let at = 0; at < STREAM.length; at += size) found.push(...framer.push(STREAM.slice(at, at + size)).map(toHex));
  assert.is(framer.held, 0);
  return found;
}

test("messages come out whole however the stream is cut", () => {
  for (const size of [1, 2, 3, 7, 8, 9, 11, 64, 4096, 65535, 65536, STREAM.length]) assert.equal(framed(size), MESSAGES.map(toHex), `pieces of ${size}`);
});

test("lengths below 8 are refused at once, and for good", () => {
  for (const length of [0, 1, 7]) {
    const framer = new MessageFramer();
    const bytes = Uint8Array.of(4, 2, 0, length, 0, 0, 0, 1);
    assert.throws(() => framer.push(bytes), (error: unknown) => error instanceof DecodeError && error.message === `header at byte 2: length ${length}, at least 8 expected`);
    assert.throws(() => framer.push(echo(0, 1)), (error: unknown) => error instanceof DecodeError);
  }
});

test("a bad length that arrives byte by byte is refused as well", () => {
  const framer = new MessageFramer();
  for (const byte of [4, 2, 0, 3, 0, 0, 0]) assert.equal(framer.push(Uint8Array.of(byte)), []);
  assert.throws(() => framer.push(Uint8Array.of(1)), (error: unknown) => error instanceof DecodeError);
});

test("an unfinished message holds its own bytes only", () => {
  const framer = new MessageFramer();
  assert.equal(framer.push(echo(100, 1).subarray(0, 50)), []);
  assert.is(framer.held, 50);
});

test.run();
