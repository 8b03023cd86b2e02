// SPDX-License-Identifier: Apache-2.0
// Observing a switch and changing the difference.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Flow } from "node-openvswitch/openflow";
import { synchronise } from "../apply.ts";
import { learntCookie } from "../cookie.ts";
import { FakeSwitch } from "../fake/flow-table.ts";
import { device, policy, TOPOLOGY } from "../fake/scenario.ts";
import { Model } from "../model.ts";
import { observe } from "../observe.ts";
import { PipelineError, TABLE } from "../pipeline.ts";

const SEED = [11, 22] as const;
const test = suite("wifi-isolation: apply");
const model = (ids: number[]): Model => new Model({ policy: policy({ rules: [{ from: "all", to: "all", allow: ["mdns", "tcp/80"] }] }), topology: TOPOLOGY, devices: ids.map((id) => device(id)) });

async function flowsOf(device: FakeSwitch): Promise<Flow[]> {
  const flows: Flow[] = [];
  await device.flows((flow) => flows.push(flow));
  return flows;
}

test("an empty switch gets everything, a second run changes nothing", async () => {
  const fake = new FakeSwitch();
  const first = await synchronise(fake, model([1, 2]), SEED);
  assert.is(first.added, (await flowsOf(fake)).length);
  assert.is(first.meters, 12);
  const again = await synchronise(fake, model([1, 2]), [5, 6]);
  assert.equal(again, { added: 0, modified: 0, deleted: 0, same: first.added, meters: 0 });
});

test("only the difference is changed: what lacks, what is other, what nobody wants; learnt flows stay", async () => {
  const fake = new FakeSwitch();
  await synchronise(fake, model([1, 2]), SEED);
  const flows = await flowsOf(fake);
  const foreign: Flow = { table: 0, priority: 7, match: { in_port: 1 }, instructions: [{ type: "apply", actions: [{ type: "output", port: 2 }] }], cookie: 0x99n };
  const learnt: Flow = { table: TABLE.asked, priority: 1, match: {}, instructions: [], cookie: learntCookie(1) };
  await fake.bundle([
    { command: "delete", flow: flows[3]! }, { command: "delete", flow: flows[4]! }, { command: "add", flow: { ...flows[5]!, instructions: [] } },
    { command: "add", flow: { ...flows[8]!, cookie: 1n } }, { command: "add", flow: foreign }, { command: "add", flow: learnt },
  ]);
  fake.changes.length = 0;
  const repaired = await synchronise(fake, model([1, 2]), SEED);
  assert.equal(repaired, { added: 2, modified: 2, deleted: 1, same: flows.length - 4, meters: 0 });
  assert.is(fake.changes[0]!.command, "delete", "what nobody wants goes first");
  assert.equal(fake.changes.map(({ command }) => command).sort(), ["add", "add", "delete", "modify", "modify"]);
  assert.is(fake.changes[0]!.flow.cookie, 0x99n);
  assert.ok((await flowsOf(fake)).some(({ cookie }) => cookie === learnt.cookie));
});

test("another network: the devices that left go with their meters", async () => {
  const fake = new FakeSwitch();
  await synchronise(fake, model([1, 2, 3]), SEED);
  const changed = await synchronise(fake, model([1, 4]), SEED);
  assert.ok(changed.deleted > 0 && changed.added > 0 && changed.same > 0);
  assert.equal((await fake.meters()).map(({ id }) => id).sort((a, b) => a - b), [1, 4, 15_001, 15_004, 30_001, 30_004, 45_001, 45_004, 60_001, 60_002, 60_003, 60_010]);
  assert.equal((await synchronise(fake, model([1, 4]), SEED)).same, (await flowsOf(fake)).length);
});

test("a bundle that is refused changes nothing", async () => {
  const fake = new FakeSwitch();
  await synchronise(fake, model([1]), SEED);
  const before = await flowsOf(fake);
  const bad: Flow = { table: 0, priority: 1, match: {}, instructions: [{ type: "goto", table: TABLE.output }], cookie: 0n };
  let error: unknown;
  await fake.bundle([{ command: "delete", flow: before[0]! }, { command: "add", flow: bad }]).catch((reason) => { error = reason; });
  assert.instance(error, PipelineError);
  assert.equal(await flowsOf(fake), before);
});

test("two desired flows with the same key are our mistake, and found", async () => {
  const [one] = [...model([1]).flows()];
  let error: unknown;
  await observe(new FakeSwitch(), [one!, one!], SEED).catch((reason) => { error = reason; });
  assert.instance(error, PipelineError);
});

test.run();
