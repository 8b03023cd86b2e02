// SPDX-License-Identifier: Apache-2.0
// The compiler's promises: the declaration is kept, parts are disjoint, one change touches what it must whatever the network's size.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { encodeFlowMod, type Flow } from "node-openvswitch/openflow";
import { cookieOf, isLearnt, learntCookie, OWN_TAG, ownerOf, TAG_MASK } from "../cookie.ts";
import { diffFlows, flowKey, type FlowChange } from "../flow-diff.ts";
import { device, macOf, policy, TOPOLOGY } from "../fake/scenario.ts";
import { allocateBits, CapacityError } from "../groups.ts";
import { Model, ModelError, type Edit, type ModelInput } from "../model.ts";
import { portMasks } from "../parts/port-masks.ts";
import { deviceMeters, DEFAULT_HOLD_LIMITS, portMeter } from "../meters.ts";
import { flow, PipelineError, TABLE, TABLES } from "../pipeline.ts";
import { MAX_DEVICE_ID } from "../view.ts";

const test = suite("wifi-isolation: compile");
const rules = [
  { from: "even", to: "odd", allow: ["tcp/631", "mdns", "ssdp"] }, { from: "odd", to: macOf(2), allow: ["icmp"], otherwise: "ask" as const },
  { from: "all", to: "internet", allow: ["dns:*.example.org", "udp/5000-5010"], otherwise: "ask" as const },
];

/** Both groups name 300 devices, whether they are there or not. */
function network(size: number): ModelInput {
  const ids = Array.from({ length: 300 }, (_, index) => index + 1);
  const members = (rest: number) => ids.filter((id) => id % 2 === rest).map((id) => ({ mac: macOf(id) }));
  return {
    policy: policy({ groups: { even: members(0), odd: members(1) }, rules }), topology: TOPOLOGY, devices: ids.slice(0, size).map((id) => device(id, id % 3 === 0 ? "lan1" : "wlan0")),
    names: [{ pattern: "*.example.org", addresses: ["192.0.2.80"] }], verdicts: [{ device: 1, address: "198.51.100.1", protocol: 6, port: 80, verdict: "allow", idleTimeout: 30 }],
  };
}

test("flow() refuses what the declaration does not allow", () => {
  assert.throws(() => flow(0n, "output", 1, { in_port: 1 }, []), (error: unknown) => error instanceof PipelineError && /output does not match in_port/.test(error.message));
  assert.throws(() => flow(0n, "ingress", 1, {}, [], { goto: "policy" }), /ingress does not go to policy/);
  assert.throws(() => flow(0n, "ingress", 1, {}, [{ type: "resubmit", table: TABLE.policy }]), /ingress does not call policy/);
  assert.equal(flow(7n, "ingress", 1, { in_port: 3 }, [], { goto: "source" }), { table: 0, priority: 1, match: { in_port: 3 }, instructions: [{ type: "goto", table: 1 }], cookie: 7n });
});

test("the declaration leads onwards only, and no table is unreachable", () => {
  const reached = new Set([0]);
  for (const { goes, calls, number } of TABLES) {
    for (const next of goes) assert.ok(next > number);
    for (const next of [...goes, ...calls]) reached.add(next);
  }
  assert.is(reached.size, TABLES.length);
});

test("no two flows have the same table, priority and match; all can be encoded and have our cookie", () => {
  const keys = new Set<string>();
  let count = 0;
  for (const one of new Model(network(30)).flows()) {
    count++;
    keys.add(flowKey(one));
    assert.is(one.cookie & TAG_MASK, OWN_TAG);
    assert.ok(encodeFlowMod("add", one, { version: 4, xid: 1 }).length > 0);
  }
  assert.is(keys.size, count);
});

const CHANGES: Record<string, (model: Model) => Edit> = {
  "a new address": () => ({ setDevices: [{ ...device(5), addresses: [...device(5).addresses, "2001:db8::5:5"] }] }),
  "a device moves": () => ({ setDevices: [device(5, "wlan1")] }),
  "a device is blocked": () => ({ setDevices: [{ ...device(5), blocked: true }] }),
  "a device that a rule names goes": () => ({ removeDevices: [2] }),
  "a device comes": () => ({ setDevices: [{ ...device(299), id: 6, addresses: ["10.0.9.9"] }], removeDevices: [6] }),
  "a name has a new address": () => ({ names: [{ pattern: "*.example.org", addresses: ["192.0.2.80", "192.0.2.81"] }] }),
  "a verdict": () => ({ setVerdicts: [{ device: 3, address: "198.51.100.2", protocol: 17, port: 9, verdict: "deny", idleTimeout: 30 }] }),
};

for (const [what, edit] of Object.entries(CHANGES)) {
  test(`${what}: the same flow-mods in networks of 10, 50 and 250 devices`, () => {
    const sizes = [10, 50, 250].map((size) => {
      const model = new Model(network(size));
      return model.change(edit(model)).flows.map(describe).sort();
    });
    assert.ok(sizes[0]!.length > 0 && sizes[0]!.length < 120, `${sizes[0]!.length} flow-mods`);
    assert.equal(sizes[1], sizes[0]);
    assert.equal(sizes[2], sizes[0]);
  });

  test(`${what}: the change leads to the flows of a new model`, () => {
    const model = new Model(network(20));
    const before = [...model.flows()];
    const { flows } = model.change(edit(model));
    assert.equal(apply(before, flows), keysOf(model.flows()));
    assert.equal(diffFlows(model.flows(), [...new Model({ ...network(20), devices: model.devices, ...again(edit(model)) }).flows()]), []);
  });
}

/** The parts of an edit that are inputs of a new model. */
function again({ names, setVerdicts }: Edit): Partial<ModelInput> {
  return { ...(names ? { names } : {}), ...(setVerdicts ? { verdicts: [...network(1).verdicts!, ...setVerdicts] } : {}) };
}

function describe({ command, flow: one }: FlowChange): string {
  return `${command} ${flowKey(one)}`;
}

function keysOf(flows: Iterable<Flow>): string[] {
  return [...flows].map(flowKey).sort();
}

/** Keys after the changes, in order, as a switch would have them. */
function apply(before: Flow[], changes: FlowChange[]): string[] {
  const keys = new Set(before.map(flowKey));
  for (const { command, flow: one } of changes) {
    assert.is(keys.has(flowKey(one)), command !== "add", describe({ command, flow: one }));
    if (command === "delete") keys.delete(flowKey(one));
    else keys.add(flowKey(one));
  }
  return [...keys].sort();
}

test("a new policy changes what differs, and leads to the flows of a new model", () => {
  const model = new Model(network(20));
  const next = policy({ groups: { ...model.program.policy.groups, third: [{ mac: macOf(3) }] }, rules: [{ from: "third", to: "even", allow: ["tcp/22"] }, ...rules] });
  const before = [...model.flows()];
  const { flows } = model.change({ policy: next });
  assert.equal(apply(before, flows), keysOf(model.flows()));
  assert.equal(diffFlows(model.flows(), new Model({ ...network(20), policy: next }).flows()), []);
  const touched = new Set(flows.map(({ flow: one }) => ownerOf(one.cookie)).filter((owner) => owner?.kind === "device").map((owner) => owner!.id));
  assert.equal([...touched], [3], "only the new group's member");
  assert.ok(flows.length < 30, `${flows.length} flow-mods`);
});

test("rules before or after the last otherwise do not renumber those behind them", () => {
  const model = new Model(network(5));
  const priorities = (): Map<string, number> => new Map([...model.program.clauses.values()].map(({ from, to, priority }) => [JSON.stringify([from, to]), priority]));
  const before = priorities();
  model.change({ policy: policy({ groups: model.program.policy.groups, rules: [{ from: "odd", to: "odd", otherwise: "deny" }, ...rules] }) });
  for (const [ends, priority] of before) assert.is(priorities().get(ends), priority);
});

test("what cannot be is refused and changes nothing", () => {
  const model = new Model(network(5));
  const before = keysOf(model.flows());
  assert.throws(() => model.change({ setDevices: [{ ...device(9), addresses: [device(1).addresses[0]!] }] }), (error: unknown) => error instanceof ModelError && /10\.0\.0\.11 of device 9 belongs to device 1/.test(error.message));
  assert.throws(() => model.change({ setDevices: [{ ...device(9), mac: macOf(1) }] }), /02:00:00:00:00:01 of device 9 belongs to device 1/);
  assert.throws(() => model.change({ setDevices: [{ ...device(9), id: MAX_DEVICE_ID + 1 }] }), /device id 15000/);
  assert.throws(() => model.change({ setDevices: [{ ...device(9), addresses: ["10.0.0.300"] }] }), /not an IPv4 address/);
  assert.equal(keysOf(model.flows()), before);
  model.change({ setDevices: [{ ...device(9), addresses: [device(1).addresses[0]!] }], removeDevices: [1] });
  assert.is(model.deviceAt(device(1).addresses[0]!)?.id, 9);
});

test("bits: a new group leaves the others where they are, but for one that collides", () => {
  const names = Array.from({ length: 12 }, (_, index) => `group-${index}`);
  const bits = allocateBits(names, "groups");
  assert.is(new Set(bits.values()).size, 12);
  const more = allocateBits([...names, "another"], "groups");
  assert.ok(names.filter((name) => more.get(name) !== bits.get(name)).length <= 1);
  for (const bit of more.values()) assert.ok(bit >= 4 && bit < 128);
  assert.is(new Set(allocateBits(Array.from({ length: 124 }, (_, index) => `g${index}`), "groups").values()).size, 124);
  assert.throws(() => allocateBits(Array.from({ length: 125 }, (_, index) => `g${index}`), "groups"), (error: unknown) => error instanceof CapacityError && /125 groups, at most 124/.test(error.message));
});

test("port ranges become masks that cover them exactly", () => {
  for (const [first, last] of [[1, 1], [1, 65535], [0, 65535], [5000, 5010], [1, 65534], [32767, 32769]] as const) {
    const masks = [...portMasks(first, last)];
    assert.ok(masks.length <= 30);
    const covered = (port: number): number => masks.filter((mask) => (typeof mask === "number" ? mask === port : (port & mask.mask) === mask.value)).length;
    for (let port = 0; port <= 65535; port += port >= first - 3 && port <= last + 3 && last - first < 100 ? 1 : 17) assert.is(covered(port), port >= first && port <= last ? 1 : 0, `${port} in ${first}-${last}`);
    for (const edge of [first, last]) assert.is(covered(edge), 1);
  }
});

test("services that share ports, and rules that repeat each other, give each flow once", () => {
  const twice = [{ from: "all", to: "all", allow: ["tcp/80-81", "tcp/80-82", "tcp/82"] }, { from: "all", to: "all", allow: ["tcp/80-81"] }];
  const flows = keysOf(new Model({ ...network(3), policy: policy({ rules: twice }) }).flows());
  assert.is(new Set(flows).size, flows.length);
});

test("cookies tell the owner", () => {
  assert.equal(ownerOf(cookieOf("device", 250)), { kind: "device", id: 250 });
  assert.is(ownerOf(0x1234n), undefined);
  assert.ok(isLearnt(learntCookie(3)));
  assert.not(isLearnt(cookieOf("device", 3)));
});

test("no two devices or ports share a meter, and all numbers fit Open vSwitch 2.15", () => {
  const of = (id: number): number[] => deviceMeters(id, DEFAULT_HOLD_LIMITS).map((meter) => meter.id);
  const [least, most] = [of(1), of(MAX_DEVICE_ID)];
  for (const [kind, first] of least.entries()) assert.ok(first <= most[kind]! && (least[kind + 1] ?? portMeter(0)) > most[kind]!, `kind ${kind}: ${first} to ${most[kind]}`);
  assert.ok(portMeter(4_999) < 65_536);
});

test.run();
