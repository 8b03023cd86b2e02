// SPDX-License-Identifier: Apache-2.0
// What a command of ovs-ofctl with its text should put on the wire, by our own parser and codec.
import type { GroupCommand, Message } from "../../src/openflow/messages.ts";
import { parseActions, parseFilter, parseFlow, parseGroup, parseMeter } from "../../src/openflow/text/index.ts";
import type { Version } from "../../src/openflow/types.ts";

/** Ports of the switch that the vectors were recorded from. */
export const PORTS = { p1: 1, p2: 2 };

const GROUP_COMMANDS: Readonly<Record<string, GroupCommand>> = {
  "add-group": "add", "mod-group": "modify", "del-groups": "delete", "insert-buckets": "insert-bucket", "remove-buckets": "remove-bucket",
};
const FLOW_COMMANDS = {
  "add-flow": "add", "--bundle add-flow": "add", "mod-flows": "modify", "--strict mod-flows": "modify-strict", "del-flows": "delete", "--strict del-flows": "delete-strict",
} as const;
const METER_COMMANDS = { "add-meter": "add", "mod-meter": "modify", "del-meter": "delete", "del-meters": "delete" } as const;

/** The message of interest; undefined for commands whose text is not a flow, group, meter or packet. */
export function messageOf(cmd: string, text: string, version: Version): Message | undefined {
  if (cmd in FLOW_COMMANDS) return fitFlow(parseFlow(text, FLOW_COMMANDS[cmd as keyof typeof FLOW_COMMANDS], PORTS));
  if (cmd in METER_COMMANDS) return parseMeter(text === "" ? "meter=all" : text, METER_COMMANDS[cmd as keyof typeof METER_COMMANDS]);
  if (cmd in GROUP_COMMANDS) return fitGroup(parseGroup(text, GROUP_COMMANDS[cmd]!, PORTS), version);
  if (cmd === "packet-out") return packetOut(text);
  if (cmd === "dump-flows" || cmd === "dump-aggregate") return { type: "multipart-request", kind: cmd === "dump-flows" ? "flow" : "aggregate", ...parseFilter(text, PORTS) };
  if (cmd === "ct-flush-zone") return { type: "nx-ct-flush-zone", value: Number(text) };
  return undefined;
}

const fitFlow = (message: Message): Message => message;

/** ovs-ofctl leaves out what an older version cannot say. */
function fitGroup(message: Extract<Message, { type: "group-mod" }>, version: Version): Message {
  if (version === 6) return message;
  const { selection: _selection, ...group } = message;
  return group;
}

function packetOut(text: string): Message {
  const parts = /^in_port=(\S+) packet=(\S+) actions=(.*)$/.exec(text)!;
  const inPort = { controller: 0xfffffffd, local: 0xfffffffe }[parts[1]!] ?? Number(parts[1]);
  const packet = Uint8Array.from(parts[2]!.match(/../g)!, (pair) => parseInt(pair, 16));
  return { type: "packet-out", inPort, packet, actions: parseActions(parts[3]!, { ports: PORTS }) };
}
