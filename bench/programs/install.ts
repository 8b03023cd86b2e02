// SPDX-License-Identifier: Apache-2.0
// Installs compiled flows in one bundle and prints how long that took, as JSON. Arguments: the bridge's OpenFlow socket, how many flows.
import { connect, type Flow } from "node-openvswitch/openflow";
import { platform } from "quickjs-ts/platform";
import { Model, OpenflowSwitch } from "../../src/wifi-isolation/index.ts";
import { DEVICES, devices, policy, RULES, topology } from "../lib/network.ts";

const [unix, count] = platform.processes.arguments as [string, string];
const client = connect(platform, { address: { unix } });

async function run(): Promise<void> {
  const model = new Model({ policy: policy(DEVICES, RULES), topology, devices: devices(DEVICES) });
  const flows: Flow[] = [...model.flows()].slice(0, Number(count));
  await client.whenReady();
  const bridge = new OpenflowSwitch(client);
  if ((await bridge.meters()).length === 0) await bridge.changeMeters([...model.meters()].map((meter) => ({ command: "add" as const, meter })));
  const start = platform.time.now();
  await bridge.bundle(flows.map((flow) => ({ command: "add" as const, flow })));
  platform.processes.stdout(`${JSON.stringify({ flows: flows.length, ms: platform.time.now() - start })}\n`);
  client.close();
}

void run();
