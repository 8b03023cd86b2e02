// SPDX-License-Identifier: Apache-2.0
// Every vector, cut at every byte, with bits flipped and lengths forged. Node only for the time it takes.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { attack, complaint, flipped, seeded, truncated } from "./malformed.ts";
import { distinctMessages } from "./vectors.ts";

const test = suite("openflow malformed input, all vectors");
const SMALL = 512;

test("messages of up to 512 bytes: every truncation, every bit, hostile lengths everywhere", () => {
  const random = seeded(1);
  for (const message of distinctMessages(SMALL)) assert.equal(attack(message, message.length <= 96 ? Infinity : 400, random), []);
});

test("larger messages: every truncation in the first and last 300 bytes and every 37th between, 300 bit flips", () => {
  const large = distinctMessages().filter((message) => message.length > SMALL);
  assert.ok(large.length > 20);
  const random = seeded(2);
  for (const message of large) {
    for (let size = 0; size < message.length; size += size < 300 || size > message.length - 300 ? 1 : 37) {
      assert.is(complaint(truncated(message, size, true)), undefined);
      assert.is(complaint(truncated(message, size, false)), undefined);
    }
    for (let i = 0; i < 300; i++) assert.is(complaint(flipped(message, random(message.length * 8))), undefined);
  }
});

test.run();
