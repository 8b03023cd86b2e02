// SPDX-License-Identifier: Apache-2.0
// What the compiler wrote of devices can be read back from the flows.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { device, policy, TOPOLOGY } from "../fake/scenario.ts";
import { Model } from "../model.ts";
import type { Device } from "../network.ts";
import { Recall } from "../recall.ts";

const test = suite("wifi-isolation: recall");

function recalled(devices: Device[], topology = TOPOLOGY): Device[] {
  const recall = new Recall();
  const model = new Model({ policy: policy({ rules: [{ from: "all", to: "internet", allow: ["all"] }] }), topology: TOPOLOGY, devices, names: [], verdicts: [] });
  for (const flow of model.flows()) recall.add(flow);
  return recall.devices(topology);
}

test("devices with their ids, places and addresses of both families, in the order of claims", () => {
  const devices = [
    { ...device(1), addresses: ["10.0.0.250", "2001:db8::1", "fe80::1"] }, { ...device(7, "lan1"), addresses: ["10.0.0.2"] }, { ...device(300), addresses: [] },
  ];
  assert.equal(recalled(devices), devices);
});

test("a device that is cut is left out; so is one whose port is gone", () => {
  const [one, other] = [device(1), device(2, "lan1")];
  assert.equal(recalled([{ ...one, blocked: true }, other]), [other]);
  assert.equal(recalled([one, other], { ...TOPOLOGY, ports: TOPOLOGY.ports.filter(({ name }) => name !== "lan1") }), [one]);
});

test.run();
