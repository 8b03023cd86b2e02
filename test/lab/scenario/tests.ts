// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import { setup } from "../../../tools/setup/index.ts";
import type { OvsVersion } from "../../../tools/setup/openvswitch.ts";
import { telling } from "../command.ts";
import type { Engine } from "../gateway.ts";
import { checksFor, type Management, openScenario, type Scenario } from "./index.ts";

/** The acceptance scenario as a suite: one test per check, in order, on one network. */
export function scenarioTests(engine: Engine, ovs: OvsVersion, management: Management = "standalone"): void {
  const test = suite<{ scenario: Scenario }>(`scenario on ${engine}, Open vSwitch ${ovs}, ${management}`);
  test.before(telling(async (context) => {
    await setup({ parts: ["openvswitch", "quickjs", "securebox", "lab"] });
    context.scenario = await openScenario(engine, ovs, management);
  }));
  test.after(async ({ scenario }) => scenario?.close());
  for (const check of checksFor(management)) test(check.name, async ({ scenario }) => void (await check.run(scenario.world)));
  test.run();
}
