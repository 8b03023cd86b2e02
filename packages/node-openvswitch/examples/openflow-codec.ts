// SPDX-License-Identifier: Apache-2.0
// The codec without a connection: `node tools/run.mjs tools/example.ts node|quickjs packages/node-openvswitch/examples/openflow-codec.ts`.
import { decode, encodeFlowMod, encodeMatch, EncodeError, FlowWriter, MessageFramer, type Flow } from "node-openvswitch/openflow";
import { formatFlow, parseFlow } from "node-openvswitch/openflow/text";
import "quickjs-ts/platform"; // for `console`, which QuickJS itself lacks; the codec needs nothing

const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

// A flow is a plain object. Up to 4 bytes are numbers, 8 bytes bigint, everything longer a byte array.
const flow: Flow = {
  table: 0,
  priority: 100,
  cookie: 0x5ecbn,
  match: { in_port: 1, eth_type: 0x0800, ip_dst: { value: 0x0a000000, mask: 0xff000000 }, ct_state: { value: 0x22, mask: 0x22 } },
  instructions: [{ type: "apply", actions: [{ type: "ct", zone: 5, table: 10 }] }],
};
const bytes = encodeFlowMod("add", flow, { version: 4, xid: 1 });
console.log("one flow-mod:  ", hex(bytes));

// The same in the syntax of ovs-ofctl, both ways.
console.log("as text:       ", formatFlow(flow));
const { flow: parsed } = parseFlow("table=0,priority=100,cookie=0x5ecb,in_port=1,ip,nw_dst=10.0.0.0/8,ct_state=+trk+est,actions=ct(zone=5,table=10)");
console.log("text encodes to the same bytes:", hex(encodeFlowMod("add", parsed, { version: 4, xid: 1 })) === hex(bytes));

// A stream becomes messages however it is cut.
const framer = new MessageFramer();
const messages = [...framer.push(bytes.subarray(0, 50)), ...framer.push(bytes.subarray(50))];
console.log("decoded:       ", decode(messages[0]!).message.type, "xid", decode(messages[0]!).xid);

// Many flows in one bundle, in one buffer.
const writer = new FlowWriter(4, { id: 1, flags: 3 });
for (let i = 0; i < 1000; i++) writer.flowMod("add", { ...flow, priority: i }, i);
console.log("1000 flows:    ", writer.take().length, "bytes");

// What has no wire form is refused by name.
try {
  encodeMatch({ tcp_dst: 80 }, 4);
} catch (error) {
  if (error instanceof EncodeError) console.log("refused:       ", error.message);
}
