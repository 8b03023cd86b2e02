// SPDX-License-Identifier: Apache-2.0
// One device changes, again and again, in a network of many: how many flow-mods, and how long until they are in force. Prints JSON.
// Arguments: the bridge's OpenFlow socket, how many devices, how many times.
import { connect } from "node-openvswitch/openflow";
import { platform } from "quickjs-ts/platform";
import { applyChange, type Edit, Model, OpenflowSwitch, synchronise } from "../../src/wifi-isolation/index.ts";
import { device, devices, policy, RULES, topology } from "../lib/network.ts";

export interface Changes {
  /** Per kind of change: flow-mods of each, milliseconds of each (compile, meters, bundle, commit acknowledged). */
  [kind: string]: { flowMods: number[]; ms: number[] };
}

const [unix, count, times] = platform.processes.arguments as [string, string, string];
const client = connect(platform, { address: { unix } });

async function run(): Promise<void> {
  const model = new Model({ policy: policy(Number(count), RULES), topology, devices: devices(Number(count)) });
  await client.whenReady();
  const bridge = new OpenflowSwitch(client);
  await synchronise(bridge, model, [1, 2]);
  const changed = model.device(5)!;
  const more = { ...changed, addresses: [...changed.addresses, "2001:db8::2:5"] };
  const edits: Record<string, Edit> = { leave: { removeDevices: [5] }, join: { setDevices: [device(5)] }, address: { setDevices: [more] }, back: { setDevices: [changed] } };
  const changes: Changes = {};
  for (let turn = 0; turn < Number(times); turn++) {
    for (const [kind, edit] of Object.entries(edits)) {
      const start = platform.time.now();
      const change = model.change(edit);
      await applyChange(bridge, change);
      const { flowMods, ms } = (changes[kind] ??= { flowMods: [], ms: [] });
      ms.push(platform.time.now() - start);
      flowMods.push(change.flows.length);
    }
  }
  platform.processes.stdout(`${JSON.stringify(changes)}\n`);
  client.close();
}

void run();
