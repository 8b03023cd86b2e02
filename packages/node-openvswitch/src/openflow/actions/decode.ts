// SPDX-License-Identifier: Apache-2.0
import { fieldNamed } from "../fields.ts";
import { readHeader } from "../fields.ts";
import { Reader } from "../reader.ts";
import { checkPart, readFieldHeader } from "../subfields.ts";
import type { Action, FieldValue, Subfield, Version } from "../types.ts";
import { Port } from "../types.ts";
import { exceedsMask, isFullMask, readValue, toBits } from "../values.ts";
import { readCt, readNat } from "./conntrack.ts";
import { readController, readController2 } from "./controller.ts";
import { readLearn } from "./learn.ts";
import { MAX_NESTING, NICIRA, Nicira, ONF, Standard } from "./wire.ts";

/** Reads actions up to the end of `bytes`. What is not known here comes back as "unknown" with all its bytes. Throws DecodeError. */
export function decodeActions(bytes: Uint8Array, version: Version): Action[] {
  return readActions(Reader.of(bytes, "actions"), version, 0);
}

export function readActions(reader: Reader, version: Version, depth: number): Action[] {
  if (depth > MAX_NESTING) reader.fail(`actions are nested more than ${MAX_NESTING} deep`);
  const actions: Action[] = [];
  while (reader.left > 0) actions.push(readAction(reader, version, depth));
  return actions;
}

function readAction(reader: Reader, version: Version, depth: number): Action {
  const start = reader.at;
  const type = reader.u16();
  const length = reader.u16();
  if (length < 8 || length % 8 !== 0) reader.fail(`action ${type} has length ${length}, a multiple of 8 expected`, start + 2);
  const body = reader.sub(length - 4, type === 0xffff ? "experimenter action" : `action ${type}`);
  const action = type === 0xffff ? readExperimenter(body, version, depth, length) : readStandard(body, type, version, length);
  return action ?? { type: "unknown", bytes: reader.bytes.slice(start, start + length) };
}

function size(body: Reader, length: number, expected: number): void {
  if (length !== expected) body.fail(`length ${length}, expected ${expected}`, body.end - length + 2);
}

function readStandard(body: Reader, type: number, version: Version, length: number): Action | undefined {
  if (type === Standard.SET_FIELD) return readSetField(body, length - 4);
  if (type === Standard.COPY_FIELD) return version === 6 ? readCopy(body, 2) : undefined;
  if (type === Standard.OUTPUT) {
    size(body, length, 16);
    return outputOf(body.u32(), body.u16());
  }
  const read = STANDARD[type];
  if (read === undefined || (type === Standard.METER && version !== 6)) return undefined;
  size(body, length, 8);
  return read(body);
}

function outputOf(port: number, maxLength: number): Action {
  const action: Action = { type: "output", port };
  if (maxLength !== (port === Port.CONTROLLER ? 0xffff : 0)) action.maxLength = maxLength;
  return action;
}

const STANDARD: Readonly<Record<number, (body: Reader) => Action>> = {
  [Standard.SET_MPLS_TTL]: (body) => ({ type: "set-mpls-ttl", ttl: body.u8() }),
  [Standard.DEC_MPLS_TTL]: () => ({ type: "dec-mpls-ttl" }),
  [Standard.PUSH_VLAN]: (body) => ({ type: "push-vlan", ethertype: body.u16() }),
  [Standard.POP_VLAN]: () => ({ type: "pop-vlan" }),
  [Standard.PUSH_MPLS]: (body) => ({ type: "push-mpls", ethertype: body.u16() }),
  [Standard.POP_MPLS]: (body) => ({ type: "pop-mpls", ethertype: body.u16() }),
  [Standard.SET_QUEUE]: (body) => ({ type: "set-queue", queue: body.u32() }),
  [Standard.GROUP]: (body) => ({ type: "group", group: body.u32() }),
  [Standard.SET_TTL]: (body) => ({ type: "set-ttl", ttl: body.u8() }),
  [Standard.DEC_TTL]: () => ({ type: "dec-ttl" }),
  [Standard.METER]: (body) => ({ type: "meter", meter: body.u32() }),
};

function readExperimenter(body: Reader, version: Version, depth: number, length: number): Action | undefined {
  const vendor = body.u32();
  if (vendor !== NICIRA && vendor !== ONF) return undefined;
  const subtype = body.u16();
  if (vendor === ONF) {
    if (subtype !== 3200) return undefined;
    body.skip(2);
    return readCopy(body, 2);
  }
  const fixed = FIXED_SIZES[subtype];
  if (fixed !== undefined) size(body, length, fixed);
  if (subtype === Nicira.CT) return readCt(body, version, depth);
  if (subtype === Nicira.CLONE) {
    body.skip(6);
    return { type: "clone", actions: readActions(body, version, depth + 1) };
  }
  return NICIRA_READERS[subtype]?.(body);
}

const FIXED_SIZES: Readonly<Record<number, number>> = {
  [Nicira.RESUBMIT]: 16, [Nicira.SET_TUNNEL]: 16, [Nicira.POP_QUEUE]: 16, [Nicira.REG_LOAD]: 24, [Nicira.SET_TUNNEL64]: 24,
  [Nicira.RESUBMIT_TABLE]: 16, [Nicira.RESUBMIT_CT]: 16, [Nicira.OUTPUT_REG]: 24, [Nicira.OUTPUT_REG2]: 24, [Nicira.EXIT]: 16,
  [Nicira.FIN_TIMEOUT]: 16, [Nicira.CONTROLLER]: 16, [Nicira.STACK_PUSH]: 24, [Nicira.STACK_POP]: 24, [Nicira.CONJUNCTION]: 16,
  [Nicira.OUTPUT_TRUNC]: 16, [Nicira.CT_CLEAR]: 16, [Nicira.DEC_NSH_TTL]: 16, [Nicira.CHECK_PACKET_LARGER]: 24, [Nicira.DELETE_FIELD]: 24,
};

/** Readers begin after the subtype; undefined: keep the bytes. */
const NICIRA_READERS: Readonly<Record<number, (body: Reader) => Action | undefined>> = {
  [Nicira.RESUBMIT]: (body) => ({ type: "resubmit", port: port32(body.u16()) }),
  [Nicira.RESUBMIT_TABLE]: (body) => readResubmit(body, false),
  [Nicira.RESUBMIT_CT]: (body) => readResubmit(body, true),
  [Nicira.POP_QUEUE]: () => ({ type: "pop-queue" }),
  [Nicira.REG_MOVE]: (body) => readCopy(body, 0),
  [Nicira.REG_LOAD]: readLoad,
  [Nicira.REG_LOAD2]: readLoad2,
  [Nicira.NOTE]: (body) => ({ type: "note", data: body.rest() }),
  [Nicira.OUTPUT_REG]: readOutputField,
  [Nicira.OUTPUT_REG2]: readOutputField2,
  [Nicira.LEARN]: (body) => readLearn(body, false),
  [Nicira.LEARN2]: (body) => readLearn(body, true),
  [Nicira.EXIT]: () => ({ type: "exit" }),
  [Nicira.FIN_TIMEOUT]: (body) => ({ type: "fin-timeout", idle: body.u16(), hard: body.u16() }),
  [Nicira.CONTROLLER]: readController,
  [Nicira.CONTROLLER2]: readController2,
  [Nicira.DEC_TTL_IDS]: readDecTtlIds,
  [Nicira.STACK_PUSH]: (body) => readStack(body, (source) => ({ type: "stack-push", source })),
  [Nicira.STACK_POP]: (body) => readStack(body, (destination) => ({ type: "stack-pop", destination })),
  [Nicira.CONJUNCTION]: (body) => ({ type: "conjunction", clause: body.u8() + 1, clauses: body.u8(), id: body.u32() }),
  [Nicira.NAT]: readNat,
  [Nicira.OUTPUT_TRUNC]: (body) => ({ type: "output-truncated", port: port32(body.u16()), maxLength: body.u32() }),
  [Nicira.CT_CLEAR]: () => ({ type: "ct-clear" }),
  [Nicira.DEC_NSH_TTL]: () => ({ type: "dec-nsh-ttl" }),
  [Nicira.CHECK_PACKET_LARGER]: readCheckLarger,
  [Nicira.DELETE_FIELD]: (body) => {
    const read = readFieldHeader(body);
    return read && { type: "delete-field", field: read.field.name };
  },
};

/** OpenFlow 1.0 port numbers: 0xff00 and above are reserved. */
export function port32(port: number): number {
  return port >= 0xff00 ? 0xffff0000 + port : port;
}

function readResubmit(body: Reader, withConntrack: boolean): Action {
  const port = port32(body.u16());
  const action: Action = { type: "resubmit", table: body.u8() };
  if (port !== Port.IN_PORT) action.port = port;
  if (withConntrack) action.withConntrack = true;
  return action;
}

function readSetField(body: Reader, room: number): Action | undefined {
  const start = body.at;
  const { field, length, masked } = readHeader(body);
  if (length > room - 4) body.fail(`field of ${length} bytes does not fit`, start);
  if (field === undefined) return undefined;
  const width = masked ? length / 2 : length;
  if (field.variable ? width < 1 || width > field.bytes || width % 1 !== 0 : width !== field.bytes) body.fail(`${field.name} has ${length} bytes`, start);
  const value = readValue(body, field, width);
  const mask = masked ? readValue(body, field, width) : undefined;
  return checkSetField(body, { type: "set-field", field: field.name, value, ...(mask !== undefined && { mask }) }, start);
}

function checkSetField(body: Reader, action: Extract<Action, { type: "set-field" }>, start: number): Action | undefined {
  const { value, mask } = action;
  const field = fieldNamed(action.field);
  if (!field.writable || (typeof value === "number" && value > field.max)) return undefined;
  if (mask === undefined) return action;
  if (exceedsMask(value, mask)) body.fail(`${field.name} has bits outside its mask`, start);
  return isFullMask(field, mask) || (typeof mask === "number" && mask > field.max) ? undefined : action;
}

function readCopy(body: Reader, pad: number): Action | undefined {
  const start = body.at;
  const bits = body.u16();
  const from = body.u16();
  const to = body.u16();
  body.skip(pad);
  const source = readFieldHeader(body);
  const destination = source && readFieldHeader(body);
  if (source === undefined || destination === undefined || !destination.field.writable) return undefined;
  return { type: "move", source: checkPart(body, start, source.field, from, bits, source.size), destination: checkPart(body, start, destination.field, to, bits, destination.size) };
}

function readLoad(body: Reader): Action | undefined {
  const start = body.at;
  const destination = readPacked(body);
  const value = body.u64();
  if (destination === undefined || !fieldNamed(destination.field).writable) return undefined;
  const bits = destination.bits ?? fieldNamed(destination.field).bits;
  if (value >> BigInt(bits) !== 0n) body.fail(`value does not fit in ${bits} bits`, start);
  return { type: "load", destination, value };
}

/** A subfield with its 16 bits "start << 6 | bits - 1" before the header. */
function readPacked(body: Reader, between = 0): Subfield | undefined {
  const start = body.at;
  const packed = body.u16();
  body.skip(between);
  const read = readFieldHeader(body);
  return read && checkPart(body, start, read.field, packed >> 6, (packed & 0x3f) + 1, read.size);
}

/** Only what `load` can say: one run of bits, at most 64. */
function readLoad2(body: Reader): Action | undefined {
  const set = readSetField(body, body.left);
  if (set?.type !== "set-field") return undefined;
  const field = fieldNamed(set.field);
  const size = set.value instanceof Uint8Array ? set.value.length : field.bytes;
  const run = runOf(set.mask, field.variable ? size * 8 : field.bits);
  if (run === undefined || run.bits > 64 || (field.nxm.experimenter === 0 && !field.variable)) return undefined;
  return { type: "load", destination: checkPart(body, body.at, field, run.start, run.bits, size), value: toBits(set.value) >> BigInt(run.start) };
}

/** Where the ones of a mask are, when they are in one piece. */
function runOf(mask: FieldValue | undefined, width: number): { start: number; bits: number } | undefined {
  if (mask === undefined) return { start: 0, bits: width };
  const ones = toBits(mask).toString(2);
  const run = /^(1+)(0*)$/.exec(ones);
  return run ? { start: run[2]!.length, bits: run[1]!.length } : undefined;
}

function readOutputField(body: Reader): Action | undefined {
  const source = readPacked(body);
  if (source === undefined) return undefined;
  return outputField(source, body.u16());
}

function readOutputField2(body: Reader): Action | undefined {
  const start = body.at;
  const packed = body.u16();
  const maxLength = body.u16();
  const read = readFieldHeader(body);
  if (read === undefined || read.field.nxm.experimenter === 0) return undefined;
  return outputField(checkPart(body, start, read.field, packed >> 6, (packed & 0x3f) + 1, read.size), maxLength);
}

function outputField(source: Subfield, maxLength: number): Action {
  return maxLength === 0xffff ? { type: "output-field", source } : { type: "output-field", source, maxLength };
}

function readDecTtlIds(body: Reader): Action {
  const count = body.u16();
  body.skip(4);
  body.need(2 * count);
  return { type: "dec-ttl", ids: Array.from({ length: count }, () => body.u16()) };
}

function readStack(body: Reader, make: (subfield: Subfield) => Action): Action | undefined {
  const at = body.at;
  const start = body.u16();
  const read = readFieldHeader(body);
  return read && make(checkPart(body, at, read.field, start, body.u16(), read.size));
}

function readCheckLarger(body: Reader): Action | undefined {
  const at = body.at;
  const length = body.u16();
  const start = body.u16();
  const read = readFieldHeader(body);
  return read && { type: "check-packet-larger", length, destination: checkPart(body, at, read.field, start, 1, read.size) };
}
