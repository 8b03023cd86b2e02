// SPDX-License-Identifier: Apache-2.0
// Verdicts: how long they hold, who makes room for whom.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { FlowVerdict } from "../../../wifi-isolation/network.ts";
import { verdictKey } from "../../../wifi-isolation/parts/verdict.ts";
import { askable, questionKey, STANDALONE, VerdictCache } from "../index.ts";

const test = suite("verdicts: cache");

function verdict(device: number, port: number, address = "192.0.2.1"): FlowVerdict {
  return { device, address, protocol: 6, port, verdict: "allow", idleTimeout: 60 };
}

test("a verdict holds for its lifetime", () => {
  const cache = new VerdictCache();
  assert.equal(cache.put(verdict(1, 80), 1000, 0), { setVerdicts: [verdict(1, 80)], removeVerdicts: [] });
  assert.equal(cache.find(verdict(1, 80), 999), verdict(1, 80));
  assert.is(cache.find(verdict(1, 80), 1000), undefined);
  assert.is(cache.find(verdict(1, 81), 0), undefined);
  assert.equal([cache.expire(999).removeVerdicts, cache.expire(1000).removeVerdicts, cache.size], [[], [verdict(1, 80)], 0]);
});

test("a newer verdict replaces an older one about the same flow", () => {
  const cache = new VerdictCache();
  cache.put(verdict(1, 80), 1000, 0);
  const denied: FlowVerdict = { ...verdict(1, 80), verdict: "deny" };
  assert.equal(cache.put(denied, 1000, 500), { setVerdicts: [denied], removeVerdicts: [] });
  assert.equal([cache.size, cache.find(verdict(1, 80), 1200)?.verdict], [1, "deny"]);
});

test("the least recently used goes first", () => {
  const cache = new VerdictCache(3, 3);
  for (const port of [1, 2, 3]) cache.put(verdict(port, port), 1000, 0);
  cache.find(verdict(1, 1), 1);
  assert.equal(cache.put(verdict(4, 4), 1000, 2).removeVerdicts, [verdict(2, 2)]);
});

test("a device that scans displaces only its own verdicts", () => {
  const cache = new VerdictCache(100, 10);
  cache.put(verdict(1, 80), 1000, 0);
  for (let port = 0; port < 500; port++) for (const gone of cache.put(verdict(2, port), 1000, 1).removeVerdicts) assert.is(gone.device, 2);
  assert.equal([cache.size, cache.find(verdict(1, 80), 2)], [11, verdict(1, 80)]);
});

test("what goes with a device, an address, a flow, the policy", () => {
  const filled = (): VerdictCache => {
    const cache = new VerdictCache();
    for (const entry of [verdict(1, 80), verdict(1, 81), verdict(2, 80), verdict(2, 80, "10.0.0.9")]) cache.put(entry, 1000, 0);
    return cache;
  };
  const sizes = (outcome: { removeVerdicts: unknown[] }): number => outcome.removeVerdicts.length;
  assert.equal([sizes(filled().forgetDevice(1)), sizes(filled().forgetDevice(3)), sizes(filled().forgetAddress("10.0.0.9")), sizes(filled().ended(verdict(2, 80))), sizes(filled().clear())], [2, 0, 1, 1, 4]);
  const cache = filled();
  cache.forgetDevice(1);
  cache.clear();
  assert.is(cache.size, 0);
});

test("a question's key is the verdict's in the switch", () => {
  for (const entry of [verdict(1, 80), { ...verdict(7, 0, "2001:db8::1"), protocol: 58, port: undefined }]) assert.is(questionKey(entry), verdictKey(entry as FlowVerdict));
  assert.equal([6, 17, 1, 58, 47, 0].map(askable), [true, true, true, true, false, false]);
  assert.is(STANDALONE.ask(verdict(1, 80), () => assert.unreachable()), false);
});

test.run();
