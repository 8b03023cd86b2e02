// SPDX-License-Identifier: Apache-2.0
/*
 * Shows a bridge's ports as they change (OVSDB), what its switch can do and how many flows it has (OpenFlow), until interrupted:
 *
 *     node tools/run.mjs tools/example.ts node|quickjs packages/node-openvswitch/examples/watch-bridge.ts /var/run/openvswitch br0
 */
import { platform } from "quickjs-ts/platform";
import { connect, probe } from "node-openvswitch/openflow";
import { OvsdbClient, type Row } from "node-openvswitch/ovsdb";

const print = (line: string): void => platform.processes.stdout(`${line}\n`);

async function main(directory: string, bridge: string): Promise<void> {
  const database = new OvsdbClient(platform, { remotes: [{ unix: `${directory}/db.sock` }], lost: (reason) => print(`database lost: ${reason}`) });
  const { replica } = await database.monitor({ Interface: { columns: ["name", "ofport", "link_state"] } });
  const show = (row: Row | undefined): string => (row ? `${String(row["name"])} port ${String(row["ofport"])} ${String(row["link_state"] ?? "")}` : "gone");
  for (const row of replica.table("Interface").values()) print(show(row));
  replica.onChange((changes) => changes.forEach(({ before, after }) => print(`${show(before)} -> ${show(after)}`)));

  const bridgeSwitch = connect(platform, { address: { unix: `${directory}/${bridge}.mgmt` }, handlers: { lost: (reason) => print(`switch lost: ${reason}`), ready: () => print("switch ready") } });
  await bridgeSwitch.whenReady();
  print(JSON.stringify(await probe(bridgeSwitch)));
  let flows = 0;
  await bridgeSwitch.stream({ type: "multipart-request", kind: "flow", table: 255, match: {} }, (part) => void (flows += part.kind === "flow" ? part.flows.length : 0));
  print(`${flows} flows`);
}

const [directory, bridge] = platform.processes.arguments;
main(directory ?? "/var/run/openvswitch", bridge ?? "br0").catch((error: Error) => {
  platform.processes.stderr(`${error.message}\n`);
  platform.processes.exit(1);
});
