// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ReportedState } from "../digests.ts";

const digests = suite("reported state");
function state(): { body: { value: number }; reported: ReportedState<{ value: number }> } {
  const body = { value: 1 };
  return { body, reported: new ReportedState({ interval: 1000, body: () => ({ ...body }), digest: JSON.stringify }) };
}

digests("agreement at the welcome sends nothing; equal states send nothing", () => {
  const { reported } = state();
  reported.greet();
  assert.is(reported.take(0), undefined, "not before the welcome");
  reported.welcomed(false);
  assert.is(reported.take(0), undefined);
  for (let now = 0; now < 100_000; now += 100) {
    reported.changed();
    assert.is(reported.take(now), undefined);
  }
});

digests("what the welcome wants goes out, also when it is equal to what was sent before", () => {
  const { reported } = state();
  for (let connection = 0; connection < 3; connection++) {
    reported.greet();
    reported.welcomed(true);
    assert.equal(reported.take(connection), { value: 1 });
    reported.lost();
  }
});

digests("a change at once, the next ones once per interval, with the newest content", () => {
  const { body, reported } = state();
  reported.greet();
  reported.welcomed(false);
  const sent: [number, number][] = [];
  for (let now = 5000; now < 8000; now += 10) {
    body.value++;
    reported.changed();
    const taken = reported.take(now);
    if (taken) sent.push([now, taken.value]);
  }
  assert.equal(sent, [[5000, 2], [6000, 102], [7000, 202]]);
});

digests("what changed between hello and welcome is sent", () => {
  const { body, reported } = state();
  reported.greet();
  body.value = 2;
  reported.welcomed(false);
  assert.equal(reported.take(10), { value: 2 });
});

digests.run();
