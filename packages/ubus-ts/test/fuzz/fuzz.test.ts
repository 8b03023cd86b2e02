// SPDX-License-Identifier: Apache-2.0
// A part of the fuzzing, on both engines; a million cases run in fuzz.node.test.ts.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { complaint, mutate, Random, seeds } from "./cases.ts";

const test = suite("ubus fuzzing");

test("the seeds themselves", () => {
  const all = seeds();
  assert.ok(all.length >= 80, `${all.length} seeds`);
  for (const seed of all) assert.is(complaint(seed), undefined);
});

test("10,000 cases", () => {
  const all = seeds();
  for (let i = 0; i < 10_000; i++) assert.is(complaint(mutate(all, new Random(i))), undefined, `case ${i}`);
});

test.run();
