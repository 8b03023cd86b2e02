// SPDX-License-Identifier: Apache-2.0
// OpenFlow 1.3 §7.2.4, 1.5 §7.2.5.
import { putActions } from "./actions/encode.ts";
import { readActions } from "./actions/decode.ts";
import { EncodeError } from "./errors.ts";
import { Reader } from "./reader.ts";
import type { Action, Instruction, Version } from "./types.ts";
import { Writer } from "./writer.ts";

const Type = { GOTO: 1, METADATA: 2, WRITE: 3, APPLY: 4, CLEAR: 5, METER: 6 } as const;

/** Throws EncodeError. In OpenFlow 1.5 a meter instruction becomes the first of the applied actions. */
export function encodeInstructions(instructions: readonly Instruction[], version: Version): Uint8Array {
  const writer = new Writer(256);
  putInstructions(writer, instructions, version);
  return writer.take();
}

/** Throws DecodeError. */
export function decodeInstructions(bytes: Uint8Array, version: Version): Instruction[] {
  return readInstructions(Reader.of(bytes, "instructions"), version);
}

export function putInstructions(writer: Writer, instructions: readonly Instruction[], version: Version): void {
  const list = version === 6 ? metersAsActions(instructions) : instructions;
  for (let i = 0; i < list.length; i++) putInstruction(writer, list[i]!, version);
}

function metersAsActions(instructions: readonly Instruction[]): readonly Instruction[] {
  const meters = instructions.filter((instruction) => instruction.type === "meter");
  if (meters.length === 0) return instructions;
  const rest = instructions.filter((instruction) => instruction.type !== "meter");
  const apply = rest.find((instruction) => instruction.type === "apply");
  const actions: Action[] = [...meters, ...(apply?.actions ?? [])];
  return [{ type: "apply", actions }, ...rest.filter((instruction) => instruction !== apply)];
}

function putInstruction(writer: Writer, instruction: Instruction, version: Version): void {
  switch (instruction.type) {
    case "apply": return putActionList(writer, Type.APPLY, instruction.actions, version);
    case "write": return putActionList(writer, Type.WRITE, instruction.actions, version);
    case "goto":
      head(writer, Type.GOTO, 8);
      writer.u8(instruction.table, "goto.table");
      writer.at += 3;
      return;
    case "clear":
      head(writer, Type.CLEAR, 8);
      writer.at += 4;
      return;
    case "meter":
      head(writer, Type.METER, 8);
      return writer.u32(instruction.meter, "meter");
    case "metadata":
      head(writer, Type.METADATA, 24);
      writer.at += 4;
      writer.u64(instruction.value, "metadata.value");
      return writer.u64(instruction.mask, "metadata.mask");
    case "unknown": return writer.raw(instruction.bytes);
    default: throw new EncodeError("instruction", `unknown type ${String((instruction as { type: unknown }).type)}`);
  }
}

function head(writer: Writer, type: number, size: number): void {
  writer.need(size);
  writer.view.setUint32(writer.at, type * 0x10000 + size);
  writer.at += 4;
}

function putActionList(writer: Writer, type: number, actions: readonly Action[], version: Version): void {
  const start = writer.at;
  head(writer, type, 8);
  writer.at += 4;
  putActions(writer, actions, version, 0);
  writer.length16(start + 2, start, "instruction");
}

export function readInstructions(reader: Reader, version: Version): Instruction[] {
  const instructions: Instruction[] = [];
  while (reader.left > 0) instructions.push(readInstruction(reader, version));
  return instructions;
}

function readInstruction(reader: Reader, version: Version): Instruction {
  const start = reader.at;
  const type = reader.u16();
  const length = reader.u16();
  if (length < 8 || length % 8 !== 0) reader.fail(`instruction ${type} has length ${length}, a multiple of 8 expected`, start + 2);
  const body = reader.sub(length - 4, `instruction ${type}`);
  const fixed = type === Type.METADATA ? 24 : type === Type.GOTO || type === Type.CLEAR || type === Type.METER ? 8 : length;
  if (length !== fixed) reader.fail(`instruction ${type} has length ${length}, expected ${fixed}`, start + 2);
  return readBody(body, type, version) ?? { type: "unknown", bytes: reader.bytes.slice(start, start + length) };
}

function readBody(body: Reader, type: number, version: Version): Instruction | undefined {
  switch (type) {
    case Type.GOTO: return { type: "goto", table: body.u8() };
    case Type.CLEAR: return { type: "clear" };
    case Type.METER: return { type: "meter", meter: body.u32() };
    case Type.METADATA:
      body.skip(4);
      return { type: "metadata", value: body.u64(), mask: body.u64() };
    case Type.APPLY:
    case Type.WRITE:
      body.skip(4);
      return { type: type === Type.APPLY ? "apply" : "write", actions: readActions(body, version, 0) };
    default: return undefined;
  }
}
