// SPDX-License-Identifier: Apache-2.0
// Every attack succeeds under an access point without Securebox: without that, "blocked" would mean nothing.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Attack, attacks, carryOut, type Kind } from "../lab/attacks/index.ts";
import { telling } from "../lab/command.ts";
import { Topology } from "../lab/topology.ts";

const test = suite<{ topology: Topology; outcomes: Map<Attack, boolean> }>("attacks without Securebox");

test.before(telling(async (context) => {
  context.topology = await Topology.create({ mode: "plain" });
  await context.topology.online();
  context.outcomes = await carryOut(context.topology);
}));
test.after(async (context) => context.topology?.close());

for (const kind of new Set<Kind>(attacks.map((attack) => attack.kind))) {
  test(`${kind} succeeds`, ({ outcomes }) => {
    const failed = attacks.filter((attack) => attack.kind === kind && !outcomes.get(attack)).map((attack) => attack.name);
    assert.equal(failed, []);
  });
}

test("with the switch closed, none succeeds between places: the attempts themselves find nothing by mistake", async ({ topology }) => {
  await topology.ovs.vsctl("set-fail-mode", "br0", "secure");
  await topology.ovs.ofctl("del-flows", "br0");
  const remote = attacks.filter((attack) => /^(eve|cable)/.test(attack.name) && !attack.alone);
  const outcomes = await carryOut(topology, remote);
  assert.equal(remote.filter((attack) => outcomes.get(attack)).map((attack) => attack.name), []);
});

test.run();
