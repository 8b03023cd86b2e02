// SPDX-License-Identifier: Apache-2.0
import { EncodeError } from "../errors.ts";
import { partOf, putFieldHeader, putOffsetBits } from "../subfields.ts";
import type { Action, Subfield, Version } from "../types.ts";
import { Port } from "../types.ts";
import { Writer } from "../writer.ts";
import { putController } from "./controller.ts";
import { putCt, putNat } from "./conntrack.ts";
import { putLearn } from "./learn.ts";
import { putLoad, putMove, putSetField, putSetTunnel } from "./set-field.ts";
import { begin, beginNicira, end, MAX_NESTING, Nicira, Standard } from "./wire.ts";

type Of<T extends Action["type"]> = Extract<Action, { type: T }>;
type Put<T extends Action["type"]> = (writer: Writer, action: Of<T>, version: Version, depth: number) => void;

/** Actions as they stand in an instruction, bucket or packet-out. Throws EncodeError. */
export function encodeActions(actions: readonly Action[], version: Version): Uint8Array {
  const writer = new Writer(256);
  putActions(writer, actions, version, 0);
  return writer.take();
}

export function putActions(writer: Writer, actions: readonly Action[], version: Version, depth: number): void {
  if (depth > MAX_NESTING) throw new EncodeError("actions", `nested more than ${MAX_NESTING} deep`);
  for (let i = 0; i < actions.length; i++) {
    const action = actions[i]!;
    const put = PUT[action.type] as Put<Action["type"]> | undefined;
    if (put === undefined) throw new EncodeError("action", `unknown type ${String(action.type)}`);
    put(writer, action, version, depth);
  }
}

/** Ports of Nicira's 16-bit fields (OpenFlow 1.0 numbers): the reserved ones lose their upper half. */
export function port16(port: number, field: string): number {
  if (port >>> 0 === port && (port < 0xff00 || port >= 0xffffff00)) return port & 0xffff;
  throw new EncodeError(field, `port ${port} does not fit in 16 bits`);
}

const PUT: { [T in Action["type"]]: Put<T> } = {
  output(writer, action) {
    begin(writer, Standard.OUTPUT, 16);
    writer.u32(action.port, "output.port");
    writer.u16(action.maxLength ?? (action.port === Port.CONTROLLER ? 0xffff : 0), "output.maxLength");
    writer.at += 6;
  },
  resubmit(writer, action) {
    const port = action.port === undefined ? 0xfff8 : port16(action.port, "resubmit.port");
    const plain = action.table === undefined && !action.withConntrack;
    beginNicira(writer, plain ? Nicira.RESUBMIT : action.withConntrack ? Nicira.RESUBMIT_CT : Nicira.RESUBMIT_TABLE, 16);
    writer.u16(port, "resubmit.port");
    writer.u8(plain ? 0 : (action.table ?? 255), "resubmit.table");
    writer.at += 3;
  },
  load: putLoad,
  "set-field": putSetField,
  move: putMove,
  ct: putCt,
  nat: putNat,
  controller: putController,
  learn: putLearn,
  conjunction(writer, action) {
    beginNicira(writer, Nicira.CONJUNCTION, 16);
    if (!(action.clause >= 1 && action.clause <= action.clauses)) throw new EncodeError("conjunction.clause", `${action.clause}, expected 1 to ${action.clauses}`);
    writer.u8(action.clause - 1, "conjunction.clause");
    writer.u8(action.clauses, "conjunction.clauses");
    writer.u32(action.id, "conjunction.id");
  },
  clone(writer, action, version, depth) {
    const start = beginNicira(writer, Nicira.CLONE, 16);
    writer.at += 6;
    putActions(writer, action.actions, version, depth + 1);
    end(writer, start);
  },
  note(writer, action) {
    const start = beginNicira(writer, Nicira.NOTE, 16);
    writer.raw(action.data);
    if (writer.at < start + 16) writer.at = start + 16;
    end(writer, start);
  },
  "output-field"(writer, action) {
    const part = partOf(action.source, "output-field.source");
    const wide = part.field.nxm.experimenter !== 0;
    const start = beginNicira(writer, wide ? Nicira.OUTPUT_REG2 : Nicira.OUTPUT_REG, 24);
    putOffsetBits(writer, part);
    if (wide) writer.u16(action.maxLength ?? 0xffff, "output-field.maxLength");
    putFieldHeader(writer, part, part.field.nxm);
    if (!wide) writer.u16(action.maxLength ?? 0xffff, "output-field.maxLength");
    writer.at = start + 24;
  },
  "output-truncated"(writer, action) {
    beginNicira(writer, Nicira.OUTPUT_TRUNC, 16);
    writer.u16(port16(action.port, "output-truncated.port"), "output-truncated.port");
    writer.u32(action.maxLength, "output-truncated.maxLength");
  },
  group: (writer, action) => putU32(writer, Standard.GROUP, action.group, "group"),
  "set-queue": (writer, action) => putU32(writer, Standard.SET_QUEUE, action.queue, "set-queue"),
  "pop-queue": (writer) => putEmptyNicira(writer, Nicira.POP_QUEUE),
  "push-vlan": (writer, action) => putU16(writer, Standard.PUSH_VLAN, action.ethertype, "push-vlan.ethertype"),
  "pop-vlan": (writer) => putU16(writer, Standard.POP_VLAN, 0, ""),
  "push-mpls": (writer, action) => putU16(writer, Standard.PUSH_MPLS, action.ethertype, "push-mpls.ethertype"),
  "pop-mpls": (writer, action) => putU16(writer, Standard.POP_MPLS, action.ethertype, "pop-mpls.ethertype"),
  "set-ttl": (writer, action) => putU8(writer, Standard.SET_TTL, action.ttl, "set-ttl"),
  "set-mpls-ttl": (writer, action) => putU8(writer, Standard.SET_MPLS_TTL, action.ttl, "set-mpls-ttl"),
  "dec-mpls-ttl": (writer) => putU16(writer, Standard.DEC_MPLS_TTL, 0, ""),
  "dec-nsh-ttl": (writer) => putEmptyNicira(writer, Nicira.DEC_NSH_TTL),
  "dec-ttl"(writer, action) {
    if (action.ids === undefined) return putU16(writer, Standard.DEC_TTL, 0, "");
    const start = beginNicira(writer, Nicira.DEC_TTL_IDS, 16 + 2 * action.ids.length);
    writer.u16(action.ids.length, "dec-ttl.ids");
    writer.at += 4;
    for (const id of action.ids) writer.u16(id, "dec-ttl.ids");
    end(writer, start);
  },
  "set-tunnel": putSetTunnel,
  "ct-clear": (writer) => putEmptyNicira(writer, Nicira.CT_CLEAR),
  exit: (writer) => putEmptyNicira(writer, Nicira.EXIT),
  "fin-timeout"(writer, action) {
    beginNicira(writer, Nicira.FIN_TIMEOUT, 16);
    writer.u16(action.idle, "fin-timeout.idle");
    writer.u16(action.hard, "fin-timeout.hard");
    writer.at += 2;
  },
  "stack-push": (writer, action) => putStack(writer, Nicira.STACK_PUSH, action.source, "stack-push.source"),
  "stack-pop": (writer, action) => putStack(writer, Nicira.STACK_POP, action.destination, "stack-pop.destination"),
  meter(writer, action, version) {
    if (version !== 6) throw new EncodeError("meter", "is an instruction before OpenFlow 1.5, not an action");
    putU32(writer, Standard.METER, action.meter, "meter");
  },
  "check-packet-larger"(writer, action) {
    const part = partOf(action.destination, "check-packet-larger.destination");
    if (part.bits !== 1) throw new EncodeError("check-packet-larger.destination", `${part.bits} bits, expected 1`);
    const start = beginNicira(writer, Nicira.CHECK_PACKET_LARGER, 24);
    writer.u16(action.length, "check-packet-larger.length");
    writer.u16(part.start, "check-packet-larger.destination");
    putFieldHeader(writer, part, part.field.nxm);
    writer.at = start + 24;
  },
  "delete-field"(writer, action) {
    const start = beginNicira(writer, Nicira.DELETE_FIELD, 24);
    const { field, size } = partOf({ field: action.field }, "delete-field.field");
    putFieldHeader(writer, { field, size }, field.nxm);
    writer.at = start + 24;
  },
  unknown(writer, action) {
    if (action.bytes.length < 8 || action.bytes.length % 8 !== 0) throw new EncodeError("unknown.bytes", `${action.bytes.length} bytes, expected a multiple of 8`);
    writer.raw(action.bytes);
  },
};

function putU8(writer: Writer, type: number, value: number, field: string): void {
  begin(writer, type, 8);
  writer.u8(value, field);
  writer.at += 3;
}

function putU16(writer: Writer, type: number, value: number, field: string): void {
  begin(writer, type, 8);
  writer.u16(value, field);
  writer.at += 2;
}

function putU32(writer: Writer, type: number, value: number, field: string): void {
  begin(writer, type, 8);
  writer.u32(value, field);
}

function putEmptyNicira(writer: Writer, subtype: number): void {
  beginNicira(writer, subtype, 16);
  writer.at += 6;
}

function putStack(writer: Writer, subtype: number, subfield: Subfield, role: string): void {
  const part = partOf(subfield, role);
  const start = beginNicira(writer, subtype, 24);
  writer.u16(part.start, role);
  putFieldHeader(writer, part, part.field.nxm);
  writer.u16(part.bits, role);
  writer.at = start + 24;
}
