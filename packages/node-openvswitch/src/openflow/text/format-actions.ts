// SPDX-License-Identifier: Apache-2.0
import { fieldNamed } from "../fields.ts";
import type { Action, Instruction, NatRange } from "../types.ts";
import { Port } from "../types.ts";
import { formatIpv4, formatIpv6 } from "./addresses.ts";
import { formatLearn } from "./learn.ts";
import { hex } from "./scan.ts";
import { formatSubfield } from "./subfields.ts";
import { formatPort, formatValue } from "./values.ts";

/** Text that `parseActions` reads back (except "unknown" actions, which have no syntax). */
export function formatActions(actions: readonly Action[]): string {
  return actions.length === 0 ? "drop" : actions.map(formatAction).join(",");
}

/** Text that `parseInstructions` reads back. */
export function formatInstructions(instructions: readonly Instruction[]): string {
  const texts = instructions.map(formatInstruction).filter((text) => text !== "");
  return texts.length === 0 ? "drop" : texts.join(",");
}

function formatInstruction(instruction: Instruction): string {
  switch (instruction.type) {
    case "apply": return instruction.actions.map(formatAction).join(",");
    case "write": return `write_actions(${formatActions(instruction.actions)})`;
    case "clear": return "clear_actions";
    case "goto": return `goto_table:${instruction.table}`;
    case "meter": return `meter:${instruction.meter}`;
    case "metadata": return `write_metadata:0x${instruction.value.toString(16)}${instruction.mask === 0xffffffffffffffffn ? "" : `/0x${instruction.mask.toString(16)}`}`;
    case "unknown": return `unknown(${hex(instruction.bytes)})`;
  }
}

function formatAction(action: Action): string {
  switch (action.type) {
    case "output": return formatOutput(action.port, action.maxLength);
    case "output-field": return `output:${formatSubfield(action.source)}`;
    case "output-truncated": return `output(port=${formatPort(action.port)},max_len=${action.maxLength})`;
    case "controller": return formatController(action);
    case "group": return `group:${action.group}`;
    case "set-queue": return `set_queue:${action.queue}`;
    case "pop-queue": return "pop_queue";
    case "set-field": return `set_field:${formatValue(fieldNamed(action.field), action.mask === undefined ? action.value : { value: action.value, mask: action.mask })}->${action.field}`;
    case "move": return `move:${formatSubfield(action.source)}->${formatSubfield(action.destination)}`;
    case "load": return `load:0x${action.value.toString(16)}->${formatSubfield(action.destination)}`;
    case "push-vlan": return `push_vlan:0x${action.ethertype.toString(16)}`;
    case "pop-vlan": return "pop_vlan";
    case "push-mpls": return `push_mpls:0x${action.ethertype.toString(16)}`;
    case "pop-mpls": return `pop_mpls:0x${action.ethertype.toString(16)}`;
    case "dec-ttl": return action.ids ? `dec_ttl(${action.ids.join(",")})` : "dec_ttl";
    case "set-ttl": return `mod_nw_ttl:${action.ttl}`;
    case "dec-mpls-ttl": return "dec_mpls_ttl";
    case "set-mpls-ttl": return `set_mpls_ttl(${action.ttl})`;
    case "dec-nsh-ttl": return "dec_nsh_ttl";
    case "set-tunnel": return `set_tunnel:0x${action.id.toString(16)}`;
    case "resubmit": return formatResubmit(action);
    case "learn": return formatLearn(action);
    case "conjunction": return `conjunction(${action.id},${action.clause}/${action.clauses})`;
    case "ct": return formatCt(action);
    case "nat": return formatNat(action);
    case "ct-clear": return "ct_clear";
    case "clone": return `clone(${formatActions(action.actions)})`;
    case "note": return `note:${hex(action.data, ".")}`;
    case "exit": return "exit";
    case "fin-timeout": return `fin_timeout(idle_timeout=${action.idle},hard_timeout=${action.hard})`;
    case "stack-push": return `push:${formatSubfield(action.source)}`;
    case "stack-pop": return `pop:${formatSubfield(action.destination)}`;
    case "meter": return `meter:${action.meter}`;
    case "check-packet-larger": return `check_pkt_larger(${action.length})->${formatSubfield(action.destination)}`;
    case "delete-field": return `delete_field:${action.field}`;
    case "unknown": return `unknown(${hex(action.bytes)})`;
  }
}

function formatOutput(port: number, maxLength: number | undefined): string {
  if (port === Port.CONTROLLER) return `CONTROLLER:${maxLength ?? 65535}`;
  return port >= Port.MAX ? formatPort(port) : `output:${port}`;
}

const REASONS = ["no_match", "action", "invalid_ttl", "action_set", "group", "packet_out"];

function formatController(action: Extract<Action, { type: "controller" }>): string {
  const parts = [`reason=${REASONS[action.reason ?? 1] ?? action.reason}`];
  if (action.maxLength !== undefined) parts.push(`max_len=${action.maxLength}`);
  if (action.id !== undefined) parts.push(`id=${action.id}`);
  if (action.userdata !== undefined) parts.push(`userdata=${hex(action.userdata, ".")}`);
  if (action.pause) parts.push("pause");
  if (action.meter !== undefined) parts.push(`meter_id=${action.meter}`);
  return `controller(${parts.join(",")})`;
}

function formatResubmit({ port, table, withConntrack }: Extract<Action, { type: "resubmit" }>): string {
  if (table === undefined && !withConntrack) return `resubmit:${formatPort(port ?? Port.IN_PORT)}`;
  return `resubmit(${port === undefined ? "" : formatPort(port)},${table === 255 ? "" : (table ?? "")}${withConntrack ? ",ct" : ""})`;
}

function formatCt(action: Extract<Action, { type: "ct" }>): string {
  const parts: string[] = [];
  if (action.commit) parts.push("commit");
  if (action.force) parts.push("force");
  if (action.table !== undefined) parts.push(`table=${action.table}`);
  if (action.zone !== undefined) parts.push(`zone=${typeof action.zone === "number" ? action.zone : formatSubfield(action.zone)}`);
  if (action.alg !== undefined) parts.push(`alg=${action.alg === 69 ? "tftp" : "ftp"}`);
  for (const nested of action.actions ?? []) parts.push(nested.type === "nat" ? formatNat(nested) : `exec(${formatAction(nested)})`);
  return parts.length === 0 ? "ct" : `ct(${parts.join(",")})`;
}

function formatNat(action: Extract<Action, { type: "nat" }>): string {
  const range = action.range ? `=${formatRange(action.range)}` : "";
  const parts = [action.source && `src${range}`, action.destination && `dst${range}`, action.persistent && "persistent", action.hash && "hash", action.random && "random"].filter(Boolean);
  return parts.length === 0 ? "nat" : `nat(${parts.join(",")})`;
}

function formatRange({ addressMin, addressMax, portMin, portMax }: NatRange): string {
  const address = (value: Uint8Array) => (value.length === 16 ? `[${formatIpv6(value)}]` : formatIpv4(new DataView(value.buffer, value.byteOffset).getUint32(0)));
  const ports = portMin === undefined ? "" : `:${portMin}${portMax === undefined ? "" : `-${portMax}`}`;
  return (addressMin ? address(addressMin) : "") + (addressMax ? `-${address(addressMax)}` : "") + ports;
}
