// SPDX-License-Identifier: Apache-2.0
// ovs-actions(7). Actions and instructions share one list in text.
import { findField } from "../fields.ts";
import type { Action, FieldValue, Instruction, Match, NatRange } from "../types.ts";
import { Port } from "../types.ts";
import { ipv4Bytes, parseIpv4, parseIpv6, parseMac } from "./addresses.ts";
import { parseLearn } from "./learn.ts";
import { bytes, integer, type Item, number, scan, split, TextError } from "./scan.ts";
import { parseSubfield, tryParseSubfield } from "./subfields.ts";
import { parsePort, parseValue, type PortNames } from "./values.ts";

/** What the text of an action may refer to. `match`: of the flow, for actions that depend on it (mod_tp_dst, mod_vlan_vid). */
export interface ActionContext {
  ports?: PortNames;
  match?: Match;
}

/** "ct(commit,zone=5),output:2". Throws TextError, also for instructions. */
export function parseActions(text: string, context: ActionContext = {}): Action[] {
  if (text.trim() === "" || text.trim() === "drop") return [];
  return scan(text).flatMap((item) => parseAction(item, context));
}

/** The same list with instructions (goto_table, write_actions, meter, ...), which must come in the order of OpenFlow 1.1 and later. */
export function parseInstructions(text: string, context: ActionContext = {}): Instruction[] {
  const instructions: Instruction[] = [];
  if (text.trim() === "" || text.trim() === "drop") return instructions;
  for (const item of scan(text)) addInstruction(instructions, item, context);
  return instructions;
}

const ORDER: readonly Instruction["type"][] = ["meter", "apply", "clear", "write", "metadata", "goto"];

function addInstruction(instructions: Instruction[], item: Item, context: ActionContext): void {
  const made = parseInstruction(item, context);
  const last = instructions[instructions.length - 1];
  if (made.type === "apply" && last?.type === "apply") return void last.actions.push(...made.actions);
  if (last && ORDER.indexOf(made.type) <= ORDER.indexOf(last.type)) throw new TextError(item.text, `must come before ${last.type} (the order is ${ORDER.join(", ")})`);
  instructions.push(made);
}

function parseInstruction(item: Item, context: ActionContext): Instruction {
  const { key, value } = item;
  switch (key) {
    case "meter": return { type: "meter", meter: number(value) };
    case "apply_actions": return { type: "apply", actions: parseActions(value, context) };
    case "clear_actions": return { type: "clear" };
    case "write_actions": return { type: "write", actions: parseActions(value, context) };
    case "goto_table": return { type: "goto", table: number(value, 8) };
    case "write_metadata": {
      const [metadata, mask] = value.split("/");
      return { type: "metadata", value: integer(metadata!), mask: integer(mask ?? "-1") };
    }
    default: return { type: "apply", actions: parseAction(item, context) };
  }
}

function parseAction(item: Item, context: ActionContext): Action[] {
  const name = item.key.toLowerCase();
  const parse = PARSERS[name];
  if (parse) {
    const made = parse(item.value, context, item);
    return Array.isArray(made) ? made : [made];
  }
  if (item.value === "" && item.tail === "") return [parseBarePort(item, context)];
  throw new TextError(item.text, "unknown action");
}

function parseBarePort(item: Item, context: ActionContext): Action {
  try {
    return outputTo(parsePort(item.key, context.ports));
  } catch {
    throw new TextError(item.text, "unknown action or port");
  }
}

const outputTo = (port: number): Action => ({ type: "output", port });

type Parser = (value: string, context: ActionContext, item: Item) => Action | Action[];

const set = (field: string): Parser => (value, { ports }) => {
  const parsed = parseValue(findField(field)!, value, ports);
  return { type: "set-field", field, value: parsed as FieldValue };
};

const PARSERS: Readonly<Record<string, Parser>> = {
  output: parseOutput,
  controller: parseController,
  enqueue: parseEnqueue,
  drop: () => [],
  group: (value) => ({ type: "group", group: number(value) }),
  set_queue: (value) => ({ type: "set-queue", queue: number(value) }),
  pop_queue: () => ({ type: "pop-queue" }),
  strip_vlan: () => ({ type: "pop-vlan" }),
  pop_vlan: () => ({ type: "pop-vlan" }),
  push_vlan: (value) => ({ type: "push-vlan", ethertype: number(value, 16) }),
  push_mpls: (value) => ({ type: "push-mpls", ethertype: number(value, 16) }),
  pop_mpls: (value) => ({ type: "pop-mpls", ethertype: number(value, 16) }),
  mod_vlan_vid: (value, context) => [...pushIfNeeded(context), { type: "set-field", field: "vlan_vid", value: 0x1000 | number(value, 12) }],
  mod_vlan_pcp: (value, context) => [...pushIfNeeded(context), { type: "set-field", field: "vlan_pcp", value: number(value, 3) }],
  mod_dl_src: (value) => ({ type: "set-field", field: "eth_src", value: parseMac(value) }),
  mod_dl_dst: (value) => ({ type: "set-field", field: "eth_dst", value: parseMac(value) }),
  mod_nw_src: (value) => ({ type: "set-field", field: "ip_src", value: parseIpv4(value) }),
  mod_nw_dst: (value) => ({ type: "set-field", field: "ip_dst", value: parseIpv4(value) }),
  mod_nw_tos: (value) => ({ type: "set-field", field: "ip_dscp", value: number(value, 8) >> 2 }),
  mod_nw_ecn: set("nw_ecn"),
  mod_nw_ttl: (value) => ({ type: "set-ttl", ttl: number(value, 8) }),
  mod_tp_src: (value, context) => modPort("src", value, context),
  mod_tp_dst: (value, context) => modPort("dst", value, context),
  dec_ttl: (value) => (value === "" ? { type: "dec-ttl" } : { type: "dec-ttl", ids: split(value, ", ").map((id) => number(id, 16)) }),
  dec_mpls_ttl: () => ({ type: "dec-mpls-ttl" }),
  dec_nsh_ttl: () => ({ type: "dec-nsh-ttl" }),
  set_mpls_ttl: (value) => ({ type: "set-mpls-ttl", ttl: number(value, 8) }),
  set_mpls_label: set("mpls_label"),
  set_mpls_tc: set("mpls_tc"),
  set_tunnel: (value) => ({ type: "set-tunnel", id: integer(value) }),
  set_tunnel64: (value) => ({ type: "set-tunnel", id: integer(value) }),
  resubmit: parseResubmit,
  move: (value) => {
    const [source, destination] = arrow(value);
    return { type: "move", source: parseSubfield(source), destination: parseSubfield(destination) };
  },
  load: (value) => {
    const [from, to] = arrow(value);
    return { type: "load", destination: parseSubfield(to), value: integer(from) };
  },
  set_field: parseSetField,
  push: (value) => ({ type: "stack-push", source: parseSubfield(value) }),
  pop: (value) => ({ type: "stack-pop", destination: parseSubfield(value) }),
  learn: (value, { ports }) => parseLearn(value, ports ?? {}),
  conjunction: parseConjunction,
  ct: parseCt,
  nat: parseNat,
  ct_clear: () => ({ type: "ct-clear" }),
  clone: (value, context) => ({ type: "clone", actions: parseActions(value, context) }),
  note: (value) => ({ type: "note", data: bytes(value) }),
  exit: () => ({ type: "exit" }),
  fin_timeout: parseFinTimeout,
  check_pkt_larger: (value, _context, item) => ({ type: "check-packet-larger", length: number(value, 16), destination: parseSubfield(item.tail.replace(/^->/, "")) }),
  delete_field: (value) => ({ type: "delete-field", field: parseSubfield(value).field }),
};

function arrow(text: string): [string, string] {
  const at = text.indexOf("->");
  if (at < 0) throw new TextError(text, 'expected "->"');
  return [text.slice(0, at), text.slice(at + 2)];
}

function parseOutput(value: string, { ports }: ActionContext): Action {
  if (value.includes("=")) {
    const given = Object.fromEntries(scan(value).map((item) => [item.key, item.value]));
    return { type: "output-truncated", port: parsePort(given["port"] ?? "", ports), maxLength: number(given["max_len"] ?? "") };
  }
  const source = value.includes("[") ? tryParseSubfield(value) : undefined;
  return source ? { type: "output-field", source } : outputTo(parsePort(value, ports));
}

const REASONS = ["no_match", "action", "invalid_ttl", "action_set", "group", "packet_out"];

function parseController(value: string): Action {
  if (/^\d*$/.test(value)) return value === "" ? outputTo(Port.CONTROLLER) : { type: "output", port: Port.CONTROLLER, ...(value !== "65535" && { maxLength: number(value, 16) }) };
  const action: Extract<Action, { type: "controller" }> = { type: "controller" };
  for (const item of scan(value)) addControllerItem(action, item);
  const { maxLength } = action;
  if (Object.keys(action).every((member) => member === "type" || member === "maxLength")) return { type: "output", port: Port.CONTROLLER, ...(maxLength !== undefined && { maxLength }) };
  return action;
}

function addControllerItem(action: Extract<Action, { type: "controller" }>, { key, value, text }: Item): void {
  if (key === "max_len") {
    if (number(value, 16) !== 0xffff) action.maxLength = number(value, 16);
  } else if (key === "id") {
    if (number(value, 16) !== 0) action.id = number(value, 16);
  } else if (key === "userdata") action.userdata = bytes(value);
  else if (key === "pause" && value === "") action.pause = true;
  else if (key === "meter_id") action.meter = number(value);
  else if (key === "reason" && REASONS.includes(value)) {
    if (value !== "action") action.reason = REASONS.indexOf(value);
  } else throw new TextError(text, "unknown argument of controller");
}

/** OpenFlow 1.1 and later have no such action: set the queue, output, forget the queue. */
function parseEnqueue(value: string, { ports }: ActionContext): Action[] {
  const parts = value.split(/[:,]/);
  return [{ type: "set-queue", queue: number(parts[1] ?? "") }, { type: "output", port: parsePort(parts[0]!, ports), maxLength: 0xffff }, { type: "pop-queue" }];
}

function pushIfNeeded({ match }: ActionContext): Action[] {
  const vid = match?.["vlan_vid"];
  const tagged = ((typeof vid === "object" && "mask" in vid ? Number(vid.value) : Number(vid ?? 0)) & 0x1000) !== 0;
  return tagged ? [] : [{ type: "push-vlan", ethertype: 0x8100 }];
}

function modPort(end: "src" | "dst", value: string, { match }: ActionContext): Action {
  const protocol = ({ 6: "tcp", 17: "udp", 132: "sctp" } as Record<number, string>)[Number(match?.["nw_proto"])];
  if (protocol === undefined) throw new TextError(value, `mod_tp_${end} needs tcp, udp or sctp in the match`);
  return { type: "set-field", field: `${protocol}_${end}`, value: number(value, 16) };
}

function parseResubmit(value: string, { ports }: ActionContext, item: Item): Action {
  if (item.text[item.key.length] === ":") return { type: "resubmit", port: parsePort(value, ports), table: 255 };
  const [port = "", table = "", ct] = value.split(",").map((part) => part.trim());
  if (ct !== undefined && ct !== "ct") throw new TextError(item.text, 'expected "ct"');
  const inPort = port === "" ? undefined : parsePort(port, ports);
  return { type: "resubmit", ...(inPort !== undefined && inPort !== Port.IN_PORT && { port: inPort }), table: table === "" ? 255 : number(table, 8), ...(ct && { withConntrack: true }) };
}

function parseSetField(value: string, { ports }: ActionContext): Action {
  const [from, to] = arrow(value);
  const field = findField(to);
  if (field === undefined) throw new TextError(to, "unknown field");
  const parsed = parseValue(field, from, ports);
  if (typeof parsed === "object" && "mask" in parsed) return { type: "set-field", field: field.name, ...parsed };
  return { type: "set-field", field: field.name, value: parsed };
}

function parseConjunction(value: string): Action {
  const parts = /^\s*(\w+)\s*,\s*(\d+)\s*\/\s*(\d+)\s*$/.exec(value);
  if (!parts) throw new TextError(value, "expected id,k/n");
  return { type: "conjunction", id: number(parts[1]!), clause: number(parts[2]!, 8), clauses: number(parts[3]!, 8) };
}

function parseFinTimeout(value: string): Action {
  const action = { type: "fin-timeout" as const, idle: 0, hard: 0 };
  for (const item of scan(value)) {
    if (item.key === "idle_timeout") action.idle = number(item.value, 16);
    else if (item.key === "hard_timeout") action.hard = number(item.value, 16);
    else throw new TextError(item.text, "unknown argument of fin_timeout");
  }
  return action;
}

const ALGS: Readonly<Record<string, number>> = { ftp: 21, tftp: 69 };

function parseCt(text: string, context: ActionContext): Action {
  const action: Extract<Action, { type: "ct" }> = { type: "ct" };
  for (const { key, value, text: near } of scan(text)) {
    if (key === "commit") action.commit = true;
    else if (key === "force") action.force = true;
    else if (key === "table") action.table = number(value, 8);
    else if (key === "zone") action.zone = /^\d/.test(value) ? number(value, 16) : parseSubfield(value);
    else if (key === "alg" && ALGS[value] !== undefined) action.alg = ALGS[value]!;
    else if (key === "nat") (action.actions ??= []).push(parseNat(value));
    else if (key === "exec") (action.actions ??= []).push(...parseActions(value, context));
    else throw new TextError(near, "unknown argument of ct");
  }
  return action;
}

function parseNat(text: string): Action {
  const action: Extract<Action, { type: "nat" }> = { type: "nat" };
  for (const { key, value, text: near } of scan(text)) {
    if (key === "src") action.source = true;
    else if (key === "dst") action.destination = true;
    else if (key === "persistent" || key === "hash" || key === "random") action[key] = true;
    else throw new TextError(near, "unknown argument of nat");
    if (value !== "") action.range = parseRange(value);
  }
  return action;
}

/** "10.0.0.1-10.0.0.5:1000-2000", "[2001:db8::1]-[2001:db8::5]:80". */
function parseRange(text: string): NatRange {
  const parts = /^(\[[^\]]*\]|[0-9.]+|[0-9a-fA-F:.]+)(?:-(\[[^\]]*\]|[0-9.]+|[0-9a-fA-F:.]+))?(?::(\d+)(?:-(\d+))?)?$/.exec(text);
  if (!parts) throw new TextError(text, "expected ADDRESS[-ADDRESS][:PORT[-PORT]]");
  const [, low, high, first, last] = parts;
  const address = (given: string) => (given.includes(":") ? parseIpv6(given.replace(/[[\]]/g, "")) : ipv4Bytes(given));
  const range: NatRange = { addressMin: address(low!) };
  if (high !== undefined) range.addressMax = address(high);
  if (first !== undefined) range.portMin = number(first, 16);
  if (last !== undefined) range.portMax = number(last, 16);
  return range;
}
