// SPDX-License-Identifier: Apache-2.0
// The reconciler on wifi-isolation's fake switch, with a gate in front: what happens while a bundle is on its way?
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { platform } from "quickjs-ts/platform";
import type { Flow } from "node-openvswitch/openflow";
import { cookieOf } from "../../wifi-isolation/cookie.ts";
import type { FlowChange, Meter, MeterChange, ModelInput, Switch } from "../../wifi-isolation/index.ts";
import { FakeSwitch } from "../../wifi-isolation/fake/flow-table.ts";
import { device, policy, TOPOLOGY } from "../../wifi-isolation/fake/scenario.ts";
import { Reconciler } from "../reconciler.ts";
import { Machine, quiet } from "./machine.ts";

const reconciler = suite("reconciler");

/** Bundles wait for `open`; the next one may be refused. */
class GatedSwitch implements Switch {
  readonly inner = new FakeSwitch();
  readonly bundles: number[] = [];
  refusals = 0;
  gated = false;
  #waiting: (() => void)[] = [];

  flows: Switch["flows"] = (each) => this.inner.flows(each);
  meters = (): Promise<Meter[]> => this.inner.meters();
  changeMeters = (changes: readonly MeterChange[]): Promise<void> => this.inner.changeMeters(changes);

  async bundle(changes: Iterable<FlowChange>): Promise<void> {
    this.bundles.push([...changes].length);
    if (this.gated) await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    if (this.refusals > 0 && this.refusals--) throw new Error("OFPFMFC_TABLE_FULL");
    await this.inner.bundle(changes);
  }

  open(): void {
    this.gated = false;
    for (const go of this.#waiting.splice(0)) go();
  }
}

const OPEN = policy({ rules: [{ from: "all", to: "internet", allow: "all" }] });
const CLOSED = policy({});

function start(input: Partial<ModelInput> | undefined = {}, recall?: (world: { input: ModelInput | undefined }) => Promise<void>) {
  const machine = new Machine();
  const device = new GatedSwitch();
  const world: { input: ModelInput | undefined } = { input: input && { policy: CLOSED, topology: TOPOLOGY, ...input } };
  const parts = { ...machine.platform, crypto: platform.crypto, processes: { trimMemory() {} } };
  const syncs: number[] = [];
  const subject = new Reconciler({
    device, platform: parts as never, log: quiet, inputs: () => world.input, recall: async () => recall?.(world), synchronised: ({ added, modified, deleted }) => syncs.push(added + modified + deleted),
  });
  return { subject, device, machine, world, syncs };
}

async function flowsOf(device: Pick<Switch, "flows">): Promise<Flow[]> {
  const flows: Flow[] = [];
  await device.flows((flow) => void flows.push(flow));
  return flows;
}

/** Lets promises run. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

/** "pending" until the promise is settled. */
function follow(promise: Promise<boolean>): { value: boolean | "pending" } {
  const state: { value: boolean | "pending" } = { value: "pending" };
  void promise.then((value) => { state.value = value; });
  return state;
}

reconciler("nothing is sent before the inputs are known; then everything", async () => {
  const { subject, device, world, syncs } = start(undefined);
  world.input = undefined;
  subject.synchronise();
  await settle();
  assert.equal(device.bundles, []);
  world.input = { policy: CLOSED, topology: TOPOLOGY };
  subject.poke();
  await settle();
  assert.is(syncs.length, 1);
  assert.is(subject.state, "ready");
  assert.is(subject.flows, device.bundles[0]);
});

reconciler("before the first comparison, and only then, the switch is asked what it has of the inputs; one that does not answer is asked again", async () => {
  const asked: string[] = [];
  const { subject, machine, syncs, device: gated } = start({ devices: [] }, async (world) => {
    asked.push(subject.state);
    if (asked.length === 1) throw new Error("no answer");
    world.input = { ...world.input!, devices: [device(1)] };
  });
  subject.synchronise();
  await settle();
  assert.equal([asked, gated.bundles], [["syncing"], []]);
  machine.pass(100);
  await settle();
  assert.ok([...(await flowsOf(gated))].some(({ cookie }) => cookie === cookieOf("device", 1)));
  subject.lost();
  subject.synchronise();
  await settle();
  assert.equal([asked.length, syncs.length, syncs[1]], [2, 2, 0]);
});

reconciler("an edit is in force when its bundle is acknowledged, not before", async () => {
  const { subject, device } = start();
  subject.synchronise();
  await settle();
  device.gated = true;
  const edit = follow(subject.edit({ policy: OPEN }));
  await settle();
  assert.is(edit.value, "pending");
  assert.not.type(subject.settled(), "undefined");
  device.open();
  await settle();
  assert.is(edit.value, true);
  assert.is(subject.settled(), undefined);
});

reconciler("edits that come while a bundle is in flight go together in the next one", async () => {
  const { subject, device } = start();
  subject.synchronise();
  await settle();
  device.gated = true;
  const first = follow(subject.edit({ setDevices: [deviceOf(1)] }));
  await settle();
  const rest = [2, 3, 4].map((id) => follow(subject.edit({ setDevices: [deviceOf(id)] })));
  await settle();
  assert.is(device.bundles.length, 2, "the first synchronisation and the first edit");
  device.open();
  await settle();
  assert.is(device.bundles.length, 3);
  assert.equal([first, ...rest].map(({ value }) => value), [true, true, true, true]);
});

reconciler("who waits for what others put on the way waits for all of it", async () => {
  const { subject, device } = start();
  subject.synchronise();
  await settle();
  device.gated = true;
  void subject.edit({ setDevices: [deviceOf(1)] });
  await settle();
  const settled = follow(subject.settled()!);
  await settle();
  assert.is(settled.value, "pending");
  device.open();
  await settle();
  assert.is(settled.value, true);
});

reconciler("without a switch an edit answers at once that it is not in force", async () => {
  const { subject } = start();
  assert.is(await subject.edit({ policy: OPEN }), false);
});

reconciler("a switch that goes away answers all who wait, and the next synchronisation has their edits", async () => {
  const { subject, device, world, syncs } = start();
  subject.synchronise();
  await settle();
  device.gated = true;
  const edits = [follow(subject.edit({ policy: OPEN })), follow(subject.edit({ setDevices: [deviceOf(1)] }))];
  await settle();
  subject.lost();
  device.refusals = 1;
  device.open();
  await settle();
  assert.equal(edits.map(({ value }) => value), [false, false]);
  assert.is(subject.state, "down");
  world.input = { policy: OPEN, topology: TOPOLOGY, devices: [deviceOf(1)] };
  subject.synchronise();
  await settle();
  assert.is(subject.state, "ready");
  assert.ok(syncs[1]! > 0);
});

reconciler("a switch that went away during the first synchronisation is not ready when the answer comes", async () => {
  const { subject, device, syncs } = start();
  device.gated = true;
  subject.synchronise();
  await settle();
  subject.lost();
  device.open();
  await settle();
  assert.is(subject.state, "down");
  assert.equal(syncs, []);
});

reconciler("a refused bundle: told, everything compared again after a wait, and who waited is answered then", async () => {
  const { subject, device, machine, world, syncs } = start();
  subject.synchronise();
  await settle();
  device.refusals = 1;
  world.input = { policy: OPEN, topology: TOPOLOGY };
  const edit = follow(subject.edit({ policy: OPEN }));
  await settle();
  assert.is(edit.value, "pending");
  assert.is(subject.refused, 1);
  assert.match(subject.lastError!, "TABLE_FULL");
  assert.is(subject.state, "syncing");
  machine.pass(100);
  await settle();
  assert.is(edit.value, true);
  assert.is(subject.state, "ready");
  assert.is(subject.lastError, undefined);
  assert.is(syncs.length, 2);
});

reconciler("a new topology while a bundle is in flight: compared again after it", async () => {
  const { subject, device, world, syncs } = start();
  subject.synchronise();
  await settle();
  device.gated = true;
  const edit = follow(subject.edit({ policy: OPEN }));
  await settle();
  world.input = { policy: OPEN, topology: { ...TOPOLOGY, ports: TOPOLOGY.ports.slice(1) } };
  subject.synchronise();
  device.open();
  await settle();
  assert.is(edit.value, true);
  assert.is(syncs.length, 2);
  assert.ok(syncs[1]! > 0, "the flows of the port that went");
});

reconciler("a device that is removed and set again is there; one that is set and removed is not", async () => {
  const { subject, device, world } = start({ devices: [deviceOf(1)] });
  subject.synchronise();
  await settle();
  device.gated = true;
  void subject.edit({ policy: OPEN });
  await settle();
  void subject.edit({ removeDevices: [1] });
  void subject.edit({ setDevices: [deviceOf(1), deviceOf(2)] });
  void subject.edit({ removeDevices: [2] });
  device.open();
  await settle();
  world.input = { policy: OPEN, topology: TOPOLOGY, devices: [deviceOf(1)] };
  const before = device.bundles.length;
  subject.synchronise();
  await settle();
  assert.is(device.bundles.length, before, "the switch has just that already");
});

function deviceOf(id: number) {
  return device(id);
}

reconciler.run();
