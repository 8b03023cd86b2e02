// SPDX-License-Identifier: Apache-2.0
// A real Open vSwitch with dummy ports, for what concerns flows and not frames.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type OvsInstance, startOpenvswitch } from "../../test/lab/openvswitch.ts";
import { setupOpenvswitch } from "../../tools/setup/openvswitch.ts";
import { topology } from "./network.ts";

/** Runs `use` with a bridge "br0" that has the ports of the benches' network, and removes it afterwards. */
export async function withDummySwitch(use: (ovs: OvsInstance) => Promise<void>): Promise<void> {
  await setupOpenvswitch(process.cwd(), (line) => console.error(`[bench] ${line}`));
  const directory = mkdtempSync(join(tmpdir(), "sbx-"));
  const ovs = await startOpenvswitch({ version: "3.1", directory, dummy: true });
  try {
    await ovs.addBridge("br0", ...topology.ports.flatMap(({ name, number }) => ["--", "add-port", "br0", name, "--", "set", "interface", name, "type=dummy", `ofport_request=${number}`]));
    await use(ovs);
  } finally {
    await ovs.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

export async function flowCount(ovs: OvsInstance): Promise<number> {
  const reply = await ovs.ofctl("dump-aggregate", "br0");
  return Number(/flow_count=(\d+)/.exec(reply)?.[1] ?? NaN);
}

/** Removes all flows and waits until the switch has done so. */
export async function empty(ovs: OvsInstance): Promise<void> {
  await ovs.ofctl("del-flows", "br0");
  const left = await flowCount(ovs);
  if (left !== 0) throw new Error(`${left} flows are left after del-flows`);
}
