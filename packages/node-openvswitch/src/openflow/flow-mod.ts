// SPDX-License-Identifier: Apache-2.0
// OpenFlow 1.3 §7.3.4.1. The codec's hot path: a start of the gateway sends some 10,000 of them.
import { EncodeError } from "./errors.ts";
import { putInstructions, readInstructions } from "./instructions.ts";
import { putMatch, readMatch } from "./match.ts";
import type { FlowCommand, FlowMod, FlowModOptions } from "./messages.ts";
import type { Reader } from "./reader.ts";
import type { Flow, Version } from "./types.ts";
import { Writer } from "./writer.ts";

const TYPE = 14;
const ANY = 0xffffffff;
const COMMANDS: Readonly<Record<FlowCommand, number>> = { add: 0, modify: 1, "modify-strict": 2, delete: 3, "delete-strict": 4 };
const COMMAND_NAMES = Object.keys(COMMANDS) as FlowCommand[];

export interface FlowModHeader extends FlowModOptions {
  version: Version;
  xid: number;
}

/** One flow-mod as a message of its own. Throws EncodeError naming the field. */
export function encodeFlowMod(command: FlowCommand, flow: Flow, header: FlowModHeader): Uint8Array {
  const writer = new Writer(512);
  putFlowMod(writer, command, flow, header, header.version, header.xid);
  return writer.take();
}

/** Writes a whole flow-mod, header included. */
export function putFlowMod(writer: Writer, command: FlowCommand, flow: Flow, options: FlowModOptions, version: Version, xid: number): void {
  const start = writer.at;
  writer.need(64);
  const { view } = writer;
  view.setUint8(start, version);
  view.setUint8(start + 1, TYPE);
  view.setUint32(start + 4, xid);
  writer.at = start + 8;
  putFlowBody(writer, command, flow, options, version);
  putMatch(writer, flow.match, version);
  putInstructions(writer, flow.instructions, version);
  writer.length16(start + 2, start, "flow-mod");
}

function putFlowBody(writer: Writer, command: FlowCommand, flow: Flow, options: FlowModOptions, version: Version): void {
  const number = COMMANDS[command];
  if (number === undefined) throw new EncodeError("flow-mod.command", `unknown command ${String(command)}`);
  const { cookie, table, priority, idleTimeout = 0, hardTimeout = 0, flags = 0 } = flow;
  const { cookieMask = 0n, bufferId = ANY, outPort = ANY, outGroup = ANY } = options;
  const importance = version === 4 ? 0 : (flow.importance ?? 0);
  const { view, at } = writer;
  writer.u64(cookie, "cookie");
  if (cookieMask !== 0n) writer.u64(cookieMask, "cookieMask");
  if ((table & 0xff) !== table) refuse("table", table, 0xff);
  if ((idleTimeout & 0xffff) !== idleTimeout) refuse("idleTimeout", idleTimeout, 0xffff);
  if ((hardTimeout & 0xffff) !== hardTimeout) refuse("hardTimeout", hardTimeout, 0xffff);
  if ((priority & 0xffff) !== priority) refuse("priority", priority, 0xffff);
  if (bufferId >>> 0 !== bufferId) refuse("bufferId", bufferId, ANY);
  if (outPort >>> 0 !== outPort) refuse("outPort", outPort, ANY);
  if (outGroup >>> 0 !== outGroup) refuse("outGroup", outGroup, ANY);
  if ((flags & 0xffff) !== flags) refuse("flags", flags, 0xffff);
  if ((importance & 0xffff) !== importance) refuse("importance", importance, 0xffff);
  view.setUint16(at + 16, table * 0x100 + number);
  view.setUint16(at + 18, idleTimeout);
  view.setUint16(at + 20, hardTimeout);
  view.setUint16(at + 22, priority);
  view.setUint32(at + 24, bufferId);
  view.setUint32(at + 28, outPort);
  view.setUint32(at + 32, outGroup);
  view.setUint16(at + 36, flags);
  view.setUint16(at + 38, importance);
  writer.at = at + 40;
}

function refuse(field: string, value: unknown, max: number): never {
  throw new EncodeError(field, `${value === undefined ? "missing" : String(value)}, expected 0 to ${max}`);
}

export function readFlowMod(reader: Reader, version: Version): FlowMod {
  const message = readFlowBody(reader, version);
  message.flow.match = readMatch(reader);
  message.flow.instructions = readInstructions(reader, version);
  return message;
}

function readFlowBody(reader: Reader, version: Version): FlowMod {
  const cookie = reader.u64();
  const cookieMask = reader.u64();
  const table = reader.u8();
  const command = COMMAND_NAMES[reader.u8()] ?? reader.fail("unknown command", reader.at - 1);
  const flow: Flow = { table, priority: 0, match: {}, instructions: [], cookie };
  const message: FlowMod = { type: "flow-mod", command, flow };
  if (cookieMask !== 0n) message.cookieMask = cookieMask;
  setNonZero(flow, "idleTimeout", reader.u16());
  setNonZero(flow, "hardTimeout", reader.u16());
  flow.priority = reader.u16();
  for (const name of ["bufferId", "outPort", "outGroup"] as const) {
    const value = reader.u32();
    if (value !== ANY) message[name] = value;
  }
  setNonZero(flow, "flags", reader.u16());
  const importance = reader.u16();
  if (version !== 4) setNonZero(flow, "importance", importance);
  return message;
}

/** Sets a member whose absence means zero. */
export function setNonZero(flow: Flow, name: "idleTimeout" | "hardTimeout" | "flags" | "importance", value: number): void {
  if (value !== 0) flow[name] = value;
}

/**
 * Many flow-mods in one buffer, each optionally in its bundle-add envelope: nothing is allocated per flow.
 *
 *     const writer = new FlowWriter(4);
 *     for (const flow of flows) writer.flowMod("add", flow, xid++);
 *     stream.write(writer.take());
 */
export class FlowWriter {
  readonly #version: Version;
  readonly #bundle: { id: number; flags: number } | undefined;
  #writer = new Writer(16_384);

  constructor(version: Version, bundle?: { id: number; flags: number }) {
    this.#version = version;
    this.#bundle = bundle;
  }

  /** Bytes written since the last `take`. */
  get size(): number {
    return this.#writer.at;
  }

  /** Adds one message. Throws EncodeError; what was written before stays as it is. */
  flowMod(command: FlowCommand, flow: Flow, xid: number, options: FlowModOptions = NO_OPTIONS): void {
    const writer = this.#writer;
    const start = writer.at;
    try {
      if (this.#bundle) putBundleHead(writer, this.#version, xid, this.#bundle.id, this.#bundle.flags);
      putFlowMod(writer, command, flow, options, this.#version, xid);
      if (this.#bundle) writer.length16(start + 2, start, "bundle-add");
    } catch (error) {
      writer.rewind(start);
      throw error;
    }
  }

  /** What was written, as bytes that nobody else changes; the writer begins anew. */
  take(): Uint8Array {
    const writer = this.#writer;
    const bytes = writer.bytes.subarray(0, writer.at);
    this.#writer = new Writer(Math.max(16_384, Math.min(writer.bytes.length, 262_144)));
    return bytes;
  }
}

const NO_OPTIONS: FlowModOptions = {};
const ONF_BUNDLE_ADD = 2301;

/** Header and envelope of bundle-add up to the inner message; the length is filled in later (OpenFlow 1.4 §7.3.9.6, ONF EXT-230). */
export function putBundleHead(writer: Writer, version: Version, xid: number, bundle: number, flags: number): void {
  const start = writer.at;
  writer.need(32);
  writer.u8(version, "version");
  writer.u8(version === 4 ? 4 : 34, "type");
  writer.at += 2;
  writer.view.setUint32(start + 4, xid);
  writer.at = start + 8;
  if (version === 4) {
    writer.u32(0x4f4e4600, "experimenter");
    writer.u32(ONF_BUNDLE_ADD, "subtype");
  }
  writer.u32(bundle, "bundle");
  writer.at += 2;
  writer.u16(flags, "flags");
}
