// SPDX-License-Identifier: Apache-2.0
import { changedDecisions, type Policy, type Rule } from "@securebox/contract";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { decisionChanges } from "../../src/fleet/decision-changes.ts";

const macs = Array.from({ length: 8 }, (_, i) => `02:00:00:00:00:1${i}`);

/** A xorshift generator: the same policies in every run. */
function generator(seed: number): (n: number) => number {
  let state = Math.imul(seed, 0x9e3779b1) | 1;
  return (n) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % n;
  };
}

function randomPolicy(random: (n: number) => number): Policy {
  const ends = ["a", "b", "all", "unknown", "internet", "gateway", macs[0]!, macs[3]!];
  const rule = (): Rule => {
    const [from, to] = [ends[random(ends.length)]!, ends[random(ends.length)]!];
    const otherwise = ([undefined, "deny", "allow", "ask"] as const)[random(4)];
    return { from, to, ...(random(2) ? { allow: [`tcp/${80 + random(2)}`] } : {}), ...(otherwise && { otherwise }) };
  };
  const members = (): { mac: string }[] => macs.filter(() => random(3) === 0).map((mac) => ({ mac }));
  return { version: 1, network: "home", mode: "intelligent-edge", groups: { a: members(), b: members() }, rules: Array.from({ length: random(5) }, rule), quarantine: macs.filter(() => random(6) === 0) };
}

test("classes of devices give the same changes as every pair asked", async () => {
  let compared = 0;
  for (let seed = 1; seed <= 150; seed++) {
    const random = generator(seed);
    const [before, after] = [randomPolicy(random), randomPolicy(random)];
    const text = (changes: readonly object[]): string[] => changes.map((change) => JSON.stringify(change, ["from", "to", "service", "before", "after"])).sort();
    const expected = text(changedDecisions(before, after, macs.map((mac) => ({ mac })), 10_000).changes);
    const { changes, total } = await decisionChanges(before, after, macs, 10_000);
    assert.equal(text(changes), expected, `seed ${seed}`);
    assert.is((await decisionChanges(before, after, macs, 3)).total, total, `seed ${seed}`);
    assert.is(total, expected.length, `seed ${seed}`);
    compared += expected.length;
  }
  assert.ok(compared > 1000, `only ${compared} changes compared`);
});

test("what is left out is told: more changes than the limit, or no time for all", async () => {
  const nothing: Policy = { version: 1, network: "home", mode: "intelligent-edge", groups: {}, rules: [], quarantine: [] };
  const open = { ...nothing, rules: [{ from: "all", to: "all", allow: "all" as const }] };
  const { changes: all, total, cut } = await decisionChanges(nothing, open, macs, 10_000);
  assert.equal([total, cut], [all.length, []]);
  assert.equal(await decisionChanges(nothing, open, macs, total), { changes: all, total, cut: [] }, "exactly the limit is all");
  assert.equal(await decisionChanges(nothing, open, macs, 7), { changes: all.slice(0, 7), total, cut: ["changes"] });
  const late = await decisionChanges(nothing, open, macs, 10_000, -1);
  assert.equal([late.cut, late.total], [["time"], late.changes.length]);
  assert.equal((await decisionChanges(nothing, open, macs, 0, -1)).cut, ["changes", "time"]);
});

test.run();
