// SPDX-License-Identifier: Apache-2.0
// What the bench wifi-cost makes of the records of a run, and where a command's table goes.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { datapath, firsts, ratios, type CostRecord } from "../../bench/lib/wifi-cost.ts";
import { table, writeBetween } from "../../qemu/table.ts";

const test = suite("bench wifi-cost");

const records: CostRecord[] = [
  { setup: "hairpin", round: 1, throughput: 20, rtt: [1, 3, 2] }, { setup: "hairpin", round: 0, throughput: 10, rtt: [4] }, { setup: "hairpin", round: 2, throughput: 10, rtt: [1] },
  { setup: "edge", round: 0, throughput: 9, rtt: [5] }, { setup: "edge", round: 1, throughput: 20, rtt: [4, 4, 4] }, { setup: "edge", round: 2, throughput: 5, rtt: [1] },
  { firsts: "edge", cold: false, round: 0, times: [[5, 1, 2, 3], [2, 1, 1, 1], [1, null, 1, 1]] }, { firsts: "edge", cold: true, round: 0, times: [[9, 1, 1, 1]] },
  { datapath: "edge", round: 0, packets: 100, missed: 3, masksPerPacket: 1, masks: 7, flows: 9 },
];

test("ratios are taken within a round, whatever the order of the records; more is better", () => {
  const { throughput, roundTrip } = ratios(records, "edge", "hairpin");
  assert.equal(throughput, { median: 0.9, least: 0.5, most: 1, count: 3 });
  assert.equal(roundTrip, { median: 0.8, least: 0.5, most: 1, count: 3 });
});

test("a first packet counts against those of its own flow, and a flow with a loss not at all", () => {
  assert.equal(firsts(records, "edge", false), { median: 1, p95: 3, flows: 3, lost: 1 });
  assert.is(firsts(records, "edge", true).median, 8);
  assert.throws(() => firsts(records, "hairpin", true), RangeError);
  assert.is(datapath(records, "edge").missed, 3);
});

test("a command writes between its own comments only", () => {
  const folder = mkdtempSync(join(tmpdir(), "table-")), file = join(folder, "doc.md");
  try {
    writeFileSync(file, "<!-- begin: one -->\nold\n<!-- end -->\nkept\n<!-- begin: two -->\nold\n<!-- end -->\n");
    writeBetween(file, "two", table(["a", "b"], [["1", "2"]]));
    assert.is(readFileSync(file, "utf8"), "<!-- begin: one -->\nold\n<!-- end -->\nkept\n<!-- begin: two -->\n| a | b |\n|---|---|\n| 1 | 2 |\n<!-- end -->\n");
    assert.throws(() => writeBetween(file, "three", ""), /no place for the table of three/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test.run();
