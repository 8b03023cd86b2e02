// SPDX-License-Identifier: Apache-2.0
import type { FlowCommand, FlowFilter, FlowMod } from "../messages.ts";
import type { Flow, Match } from "../types.ts";
import { parseInstructions } from "./actions.ts";
import { formatInstructions } from "./format-actions.ts";
import { addToMatch, formatMatch } from "./match.ts";
import { integer, type Item, number, scan, TextError } from "./scan.ts";
import { parsePort, type PortNames } from "./values.ts";

const FLAGS: Readonly<Record<string, number>> = { send_flow_rem: 1, check_overlap: 2, reset_counts: 4, no_packet_counts: 8, no_byte_counts: 16 };
const ALL_TABLES = 255;

/** Counters of "ovs-ofctl dump-flows", which say nothing about the flow itself. */
const COUNTERS = new Set(["duration", "n_packets", "n_bytes", "idle_age", "hard_age", "n_offload_packets", "n_offload_bytes"]);

/**
 * A flow in ovs-ofctl's syntax, as the flow-mod that `ovs-ofctl add-flow` (or mod-flows, del-flows, by `command`) sends:
 * "table=0,priority=100,in_port=1,ip,actions=ct(table=10)". Throws TextError.
 */
export function parseFlow(text: string, command: FlowCommand = "add", ports: PortNames = {}): FlowMod {
  const [head, actions] = cut(text);
  const flow: Flow = { table: command === "add" ? 0 : ALL_TABLES, priority: 0x8000, match: {}, instructions: [], cookie: 0n };
  const message: FlowMod = { type: "flow-mod", command, flow };
  for (const item of scan(head)) if (!addToFlow(message, item, ports) && !addToMatch(flow.match, item, ports)) throw new TextError(item.text, "unknown field");
  if (actions !== undefined) flow.instructions = parseInstructions(actions, { ports, match: flow.match });
  else if (!command.startsWith("delete")) throw new TextError(text, "no actions");
  return message;
}

function cut(text: string): [string, string | undefined] {
  const found = /(?:^|[,\s])actions?=/.exec(text);
  return found ? [text.slice(0, found.index), text.slice(found.index + found[0].length)] : [text, undefined];
}

function addToFlow(message: FlowMod, { key, value }: Item, ports: PortNames): boolean {
  const { flow } = message;
  if (key === "table") flow.table = number(value, 8);
  else if (key === "priority") flow.priority = number(value, 16);
  else if (key === "idle_timeout") flow.idleTimeout = number(value, 16);
  else if (key === "hard_timeout") flow.hardTimeout = number(value, 16);
  else if (key === "importance") flow.importance = number(value, 16);
  else if (key === "cookie") setCookie(message, value);
  else if (key === "out_port") message.outPort = parsePort(value, ports);
  else if (key === "out_group") message.outGroup = number(value);
  else if (value === "" && FLAGS[key] !== undefined) flow.flags = (flow.flags ?? 0) | FLAGS[key]!;
  else return COUNTERS.has(key);
  return true;
}

function setCookie(message: FlowMod, text: string): void {
  const [cookie, mask] = text.split("/");
  message.flow.cookie = integer(cookie!);
  if (mask !== undefined) message.cookieMask = integer(mask);
}

/** What dump-flows and dump-aggregate ask for: "table=0,cookie=0x1/-1,ip". */
export function parseFilter(text: string, ports: PortNames = {}): FlowFilter {
  const { flow, cookieMask, outPort, outGroup } = parseFlow(text, "delete", ports);
  return {
    table: flow.table, match: flow.match, ...(flow.cookie !== 0n && { cookie: flow.cookie }), ...(cookieMask !== undefined && { cookieMask }),
    ...(outPort !== undefined && { outPort }), ...(outGroup !== undefined && { outGroup }),
  };
}

/** Text that `parseFlow` reads back. */
export function formatFlow(flow: Flow): string {
  const parts = [`cookie=0x${flow.cookie.toString(16)}`, `table=${flow.table}`, `priority=${flow.priority}`];
  if (flow.idleTimeout) parts.push(`idle_timeout=${flow.idleTimeout}`);
  if (flow.hardTimeout) parts.push(`hard_timeout=${flow.hardTimeout}`);
  if (flow.importance) parts.push(`importance=${flow.importance}`);
  for (const name in FLAGS) if ((flow.flags ?? 0) & FLAGS[name]!) parts.push(name);
  const match = formatMatch(flow.match as Match);
  if (match !== "") parts.push(match);
  return `${parts.join(",")} actions=${formatInstructions(flow.instructions)}`;
}
