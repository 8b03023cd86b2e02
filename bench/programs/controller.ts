// SPDX-License-Identifier: Apache-2.0
// The least controller: each packet-in is answered by a flow for its addresses, as a learning switch does. Argument: the switch's unix socket.
import { connect, type Flow, type PacketIn } from "node-openvswitch/openflow";
import { platform } from "quickjs-ts/platform";

const FLOOD_PORT = 2;

const client = connect(platform, {
  address: { unix: platform.processes.arguments[0]! },
  versions: [4],
  packetIns: true,
  handlers: { packetIn: (message) => answer(message as PacketIn) },
});

function answer({ packet, match }: PacketIn): void {
  const flow: Flow = {
    table: 0, priority: 1, cookie: 0n, idleTimeout: 60,
    match: { in_port: match["in_port"]!, eth_dst: packet.subarray(0, 6), eth_src: packet.subarray(6, 12) },
    instructions: [{ type: "apply", actions: [{ type: "output", port: FLOOD_PORT }] }],
  };
  client.send({ type: "flow-mod", command: "add", flow });
}
