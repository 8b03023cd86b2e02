// SPDX-License-Identifier: Apache-2.0
// What a broken or hostile peer may send: always a typed error that names the byte, or a message. The full set runs in malformed-all.node.test.ts.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { decode, decodeActions, DecodeError, encode, encodeActions, EncodeError, MAX_NESTING } from "../../src/openflow/index.ts";
import type { Action } from "../../src/openflow/index.ts";
import { attack, complaint, seeded, withLength } from "./malformed.ts";
import { distinctMessages, fromHex } from "./vectors.ts";

const test = suite("openflow malformed input");

/** One message of each kind and size. */
function sample(): Uint8Array[] {
  const byShape = new Map<string, Uint8Array>();
  for (const message of distinctMessages(160)) byShape.set(`${message[0]} ${message[1]} ${message[1] === 18 || message[1] === 19 ? message[9] : message.length}`, message);
  return [...byShape.values()];
}

test("truncations, bit flips and hostile lengths of a sample give typed errors", () => {
  const messages = sample();
  assert.ok(messages.length > 80, `${messages.length} messages`);
  const random = seeded(7);
  for (const message of messages) assert.equal(attack(message, 200, random), []);
});

const FLOW = "040e007000000006000000000000000000000000000000000000000000000064ffffffffffffffffffffffff000000000001001c80000004000000018000080602000000000180000a020800000000000004002000000000ffff001800002320002300000000000000050a0000000000";

function errorOf(bytes: Uint8Array): DecodeError {
  try {
    decode(bytes);
  } catch (error) {
    if (error instanceof DecodeError) return error;
    throw error;
  }
  throw new Error("decoded");
}

test("an error names message, part and byte", () => {
  assert.is(errorOf(withLength(fromHex(FLOW), 50, 2)).message, "flow-mod at byte 50: match length 2, at least 4 expected");
  assert.is(errorOf(withLength(fromHex(FLOW), 90, 12)).message, "flow-mod: instruction 4 at byte 90: action 65535 has length 12, a multiple of 8 expected");
  assert.is(errorOf(withLength(fromHex(FLOW), 90, 0xfff8)).message, "flow-mod: instruction 4 at byte 92: action 65535 needs 65524 bytes, 20 are left".replace("action 65535", "experimenter action"));
  assert.is(errorOf(fromHex(FLOW).subarray(0, 60)).message, "header at byte 2: length 112, but the message has 60 bytes");
  assert.is(errorOf(fromHex("090e000800000001")).message, "header at byte 0: wire version 9, expected 4 to 6");
});

/** clone in ct in clone ..., as bytes, without the codec's own check. */
function nested(depth: number): Uint8Array {
  let inner: number[] = [];
  for (let i = 0; i < depth; i++) {
    const ct = i % 2 === 1;
    const size = inner.length + (ct ? 24 : 16);
    const head = [0xff, 0xff, size >> 8, size & 0xff, 0, 0, 0x23, 0x20, 0, ct ? 35 : 42, 0, 0, 0, 0, 0, 0];
    inner = [...head, ...(ct ? [0, 0, 0xff, 0, 0, 0, 0, 0] : []), ...inner];
  }
  return Uint8Array.from(inner);
}

test("actions nested up to the stated depth decode, deeper ones do not", () => {
  assert.is(decodeActions(nested(MAX_NESTING), 4)[0]!.type, "ct");
  assert.throws(() => decodeActions(nested(MAX_NESTING + 2), 4), (error: unknown) => error instanceof DecodeError && /nested more than/.test(error.message));
  assert.throws(() => decodeActions(nested(3000), 4), (error: unknown) => error instanceof DecodeError);
});

test("the encoder refuses the same depth", () => {
  let action: Action = { type: "exit" };
  for (let i = 0; i < MAX_NESTING + 1; i++) action = { type: "clone", actions: [action] };
  assert.throws(() => encodeActions([action], 4), (error: unknown) => error instanceof EncodeError);
});

test("bundles do not nest, however deep they claim to", () => {
  let message = fromHex("0514000800000001");
  for (let i = 0; i < 2000; i++) {
    const outer = new Uint8Array(message.length + 16);
    outer.set([5, 34, outer.length >> 8, outer.length & 0xff, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0]);
    outer.set(message, 16);
    message = outer;
  }
  assert.match(errorOf(message).message, /a bundle-add within a bundle-add/);
  assert.throws(() => encode({ type: "bundle-add", bundle: 1, flags: 0, message: { type: "bundle-add", bundle: 2, flags: 0, message: { type: "barrier-request" } } }, { version: 5, xid: 1 }), (error: unknown) => error instanceof EncodeError);
});

test("random bytes behind a good header give typed errors", () => {
  const random = seeded(42);
  for (let i = 0; i < 3000; i++) {
    const bytes = Uint8Array.from({ length: 8 + random(80) }, () => random(256));
    bytes.set([4 + random(3), random(36), 0, bytes.length]);
    assert.is(complaint(bytes), undefined);
  }
});

test.run();
