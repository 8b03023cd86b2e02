// SPDX-License-Identifier: Apache-2.0
// A million broken messages: only typed errors. UBUS_FUZZ_CASES and UBUS_FUZZ_FIRST choose how many others, and from which on.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { complaint, mutate, Random, seeds } from "./cases.ts";

const test = suite("ubus fuzzing, all");
const cases = Number(process.env["UBUS_FUZZ_CASES"] ?? 1_000_000);
const first = Number(process.env["UBUS_FUZZ_FIRST"] ?? 0);

const PARTS = 10;
for (let part = 0; part < PARTS; part++) {
  const from = first + part * Math.ceil(cases / PARTS);
  const end = Math.min(from + Math.ceil(cases / PARTS), first + cases);
  test(`cases ${from} to ${end - 1}`, async () => {
    const all = seeds();
    let decoded = 0;
    Error.stackTraceLimit = 0; // most cases end in an error; its stack would take nearly all of the time
    for (let i = from; i < end; i++) {
      const bytes = mutate(all, new Random(i));
      const wrong = complaint(bytes);
      if (wrong) assert.unreachable(`case ${i}: ${wrong}`);
      if (bytes.length > 12) decoded++;
      if (i % 10_000 === 0) await new Promise((resolve) => setImmediate(resolve)); // the file's deadline is a timer
    }
    assert.ok(decoded > (end - from) / 2, `only ${decoded} cases had a body`);
  });
}

test.run();
