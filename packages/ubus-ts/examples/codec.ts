// SPDX-License-Identifier: Apache-2.0
/*
 * The wire, without a daemon: a call as bytes, read back, and what hostile bytes give.
 *
 *     node tools/run.mjs tools/example.ts node|quickjs packages/ubus-ts/examples/codec.ts
 */
import { platform } from "quickjs-ts/platform";
import { decodeMessage, decodeTable, Double, encodeMessage, encodeTable, formatJson, MessageFramer, MessageType, messageTypeName } from "ubus-ts/codec";

const print = (label: string, text: string): void => platform.processes.stdout(`${`${label}:`.padEnd(10)}${text}\n`);
const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

const args = { ssid: "home", bytes: 9007199254740993n, load: new Double(2), up: true, mtu: 1500, stations: ["02:00:00:00:00:01"], vlan: null };
const call = encodeMessage({ type: MessageType.invoke, seq: 1, peer: 0x2c3606a7, objectId: 0x2c3606a7, method: "set", data: encodeTable(args) });
print("bytes", hex(call));

const framer = new MessageFramer();
for (let at = 0; at < call.length; at += 50) framer.push(call.subarray(at, at + 50), (bytes) => { // as a socket might deliver them
  const { type, method, data } = decodeMessage(bytes);
  print("message", `${messageTypeName(type)} ${method} ${formatJson(decodeTable(data!))}`);
  print("same", String(hex(encodeTable(decodeTable(data!))) === hex(encodeTable(args))));
});

call[35] = 0xff; // the length of the first member
try {
  decodeTable(decodeMessage(call).data!);
} catch (error) {
  print("refused", String(error));
}
