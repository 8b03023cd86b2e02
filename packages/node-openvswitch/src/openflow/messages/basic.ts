// SPDX-License-Identifier: Apache-2.0
// Symmetric messages, configuration, roles and asynchronous masks (OpenFlow 1.3 §7.3, §7.5; 1.4 §7.3.10).
import { EncodeError } from "../errors.ts";
import type { AsyncMask, Async, Config, Echo, Empty, ErrorMessage, FeaturesReply, Hello, Role } from "../messages.ts";
import type { Reader } from "../reader.ts";
import type { Version } from "../types.ts";
import type { Writer } from "../writer.ts";
import { codec, type MessageCodec, nicira, onf, type Wire } from "./codec.ts";

const VERSION_BITMAP = 1;

function putHello(writer: Writer, { versions }: Hello): void {
  if (versions === undefined) return;
  writer.u16(VERSION_BITMAP, "hello");
  writer.u16(8, "hello");
  let bits = 0;
  for (const version of versions) {
    if (!(version >= 0 && version < 32)) throw new EncodeError("hello.versions", `${version}, expected 0 to 31`);
    bits |= 1 << version;
  }
  writer.u32(bits >>> 0, "hello.versions");
}

function readHello(reader: Reader): Hello {
  const hello: Hello = { type: "hello" };
  while (reader.left >= 4) {
    const start = reader.at;
    const type = reader.u16();
    const length = reader.u16();
    if (length < 4) reader.fail(`element ${type} has length ${length}`, start + 2);
    const body = reader.sub(length - 4, `element ${type}`);
    reader.pad8(start);
    if (type === VERSION_BITMAP && body.left >= 4) hello.versions = versionsOf(body.u32());
  }
  return hello;
}

function versionsOf(bits: number): number[] {
  return Array.from({ length: 32 }, (_, i) => i).filter((i) => (bits >>> i) & 1);
}

function putError(writer: Writer, message: ErrorMessage): void {
  writer.u16(message.errorType, "error.errorType");
  writer.u16(message.code, "error.code");
  if (message.errorType === 0xffff) writer.u32(message.experimenter ?? 0, "error.experimenter");
  writer.raw(message.data);
}

function readError(reader: Reader): ErrorMessage {
  const errorType = reader.u16();
  const code = reader.u16();
  const message: ErrorMessage = { type: "error", errorType, code, data: reader.bytes };
  if (errorType === 0xffff) message.experimenter = reader.u32();
  message.data = reader.rest();
  return message;
}

function putFeatures(writer: Writer, message: FeaturesReply): void {
  writer.u64(message.datapathId, "features-reply.datapathId");
  writer.u32(message.buffers, "features-reply.buffers");
  writer.u8(message.tables, "features-reply.tables");
  writer.u8(message.auxiliaryId, "features-reply.auxiliaryId");
  writer.zero(2);
  writer.u32(message.capabilities, "features-reply.capabilities");
  writer.u32(message.reserved, "features-reply.reserved");
}

function readFeatures(reader: Reader): FeaturesReply {
  const message: FeaturesReply = { type: "features-reply", datapathId: reader.u64(), buffers: reader.u32(), tables: reader.u8(), auxiliaryId: reader.u8(), capabilities: 0, reserved: 0 };
  reader.skip(2);
  message.capabilities = reader.u32();
  message.reserved = reader.u32();
  return message;
}

function empty(type: Empty["type"], wire: Wire | ((version: Version) => Wire | undefined)): MessageCodec<Empty["type"]> {
  return codec(type, wire, () => {}, () => ({ type }));
}

function echo(type: Echo["type"], wire: number): MessageCodec<Echo["type"]> {
  return codec(type, wire, (writer, message) => writer.raw(message.data), (reader) => ({ type, data: reader.rest() }));
}

function config(type: Config["type"], wire: number): MessageCodec<Config["type"]> {
  return codec(type, wire, (writer, message) => {
    writer.u16(message.flags, "config.flags");
    writer.u16(message.missSendLength, "config.missSendLength");
  }, (reader) => ({ type, flags: reader.u16(), missSendLength: reader.u16() }));
}

function role(type: Role["type"], wire: number): MessageCodec<Role["type"]> {
  return codec(type, wire, (writer, message) => {
    writer.u32(message.role, "role.role");
    writer.zero(4);
    writer.u64(message.generation, "role.generation");
  }, (reader) => {
    const value = reader.u32();
    reader.skip(4);
    return { type, role: value, generation: reader.u64() };
  });
}

/** OpenFlow 1.3 has six words, the primary's before the secondary's; these are their properties of 1.4. */
const WORDS_OF_13 = [1, 0, 3, 2, 5, 4];

function async(type: Async["type"], wire: Wire, words: boolean): MessageCodec<Async["type"]> {
  return codec(type, type === "nx-set-async2" ? (version) => (version === 4 ? wire : undefined) : wire, (writer, message, version) => {
    if (words && version === 4) return putWords(writer, message.masks);
    for (const { property, mask } of message.masks) {
      writer.need(8);
      writer.u16(property, "async.property");
      writer.u16(8, "async.property");
      writer.u32(mask, "async.mask");
    }
  }, (reader, version) => ({ type, masks: words && version === 4 ? WORDS_OF_13.map((property) => ({ property, mask: reader.u32() })) : readMasks(reader) }));
}

function putWords(writer: Writer, masks: AsyncMask[]): void {
  writer.need(24);
  for (const { property } of masks) if (!WORDS_OF_13.includes(property)) throw new EncodeError("async.property", `${property} is not in OpenFlow 1.3`);
  for (const property of WORDS_OF_13) writer.u32(masks.find((mask) => mask.property === property)?.mask ?? 0, "async.mask");
}

function readMasks(reader: Reader): AsyncMask[] {
  const masks: AsyncMask[] = [];
  while (reader.left > 0) {
    const start = reader.at;
    const property = reader.u16();
    const length = reader.u16();
    if (length !== 8) reader.fail(`property ${property} has length ${length}, expected 8`, start + 2);
    masks.push({ property, mask: reader.u32() });
  }
  return masks;
}

const onlyOnf = (subtype: number) => (version: Version) => (version === 4 ? onf(subtype) : undefined);

export const BASIC: readonly MessageCodec<never>[] = [
  codec("hello", 0, putHello, readHello),
  codec("error", 1, putError, readError),
  echo("echo-request", 2), echo("echo-reply", 3),
  empty("features-request", 5), codec("features-reply", 6, putFeatures, readFeatures),
  empty("get-config-request", 7), config("get-config-reply", 8), config("set-config", 9),
  empty("barrier-request", 20), empty("barrier-reply", 21),
  role("role-request", 24), role("role-reply", 25),
  empty("get-async-request", 26), async("get-async-reply", 27, true), async("set-async", 28, true), async("nx-set-async2", nicira(27), false),
  empty("nx-tlv-table-request", nicira(25)),
  empty("flow-monitor-paused", onlyOnf(1871)), empty("flow-monitor-resumed", onlyOnf(1872)),
] as unknown as MessageCodec<never>[];
