// SPDX-License-Identifier: Apache-2.0
// Groups: OpenFlow 1.3 §7.3.4.2; buckets with ids and properties in 1.5 §7.3.4.3; the selection method is Netronome's property.
import { putActions } from "../actions/encode.ts";
import { readActions } from "../actions/decode.ts";
import { EncodeError } from "../errors.ts";
import { fieldNamed, putHeader } from "../fields.ts";
import { readFields } from "../match.ts";
import type { Bucket, GroupCommand, GroupDescription, GroupMod, GroupType, Selection } from "../messages.ts";
import { putNumberProperty, putProperty, putRawProperty, readProperties } from "../properties.ts";
import type { Reader } from "../reader.ts";
import type { FieldValue, Version } from "../types.ts";
import { putValue } from "../values.ts";
import type { Writer } from "../writer.ts";
import { codec, type MessageCodec } from "./codec.ts";

const ANY = 0xffffffff;
const NETRONOME = 0x0000154d;
const SELECTION_METHOD = 1;
const METHOD_SIZE = 16;
const TYPES: readonly GroupType[] = ["all", "select", "indirect", "fast-failover"];
const COMMANDS: Readonly<Record<GroupCommand, number>> = { add: 0, modify: 1, delete: 2, "insert-bucket": 3, "remove-bucket": 5, "add-or-modify": 0x8000 };
const COMMAND_NAMES = Object.keys(COMMANDS) as GroupCommand[];
const BucketProperty = { WEIGHT: 0, WATCH_PORT: 1, WATCH_GROUP: 2 } as const;

type Described = Pick<GroupMod, "buckets" | "selection" | "properties">;

function putGroupMod(writer: Writer, message: GroupMod, version: Version): void {
  const command = COMMANDS[message.command];
  if (command === undefined || (version !== 6 && message.command.endsWith("bucket"))) throw new EncodeError("group-mod.command", `${message.command} is not in this version`);
  writer.u16(command, "group-mod.command");
  putType(writer, message.groupType);
  writer.zero(1);
  writer.u32(message.group, "group-mod.group");
  if (version !== 6) return putBuckets(writer, message.buckets, version);
  const length = writer.at;
  writer.zero(4);
  writer.u32(message.commandBucket ?? ANY, "group-mod.commandBucket");
  putBuckets15(writer, length, message);
}

function putType(writer: Writer, type: GroupType): void {
  const number = TYPES.indexOf(type);
  if (number < 0) throw new EncodeError("group.groupType", `unknown type ${String(type)}`);
  writer.u8(number, "group.groupType");
}

function putBuckets15(writer: Writer, length: number, group: Described): void {
  const start = writer.at;
  putBuckets(writer, group.buckets, 6);
  writer.length16(length, start, "group.buckets");
  if (group.selection) putSelection(writer, group.selection);
  for (const property of group.properties ?? []) putRawProperty(writer, property);
}

function putBuckets(writer: Writer, buckets: readonly Bucket[], version: Version): void {
  buckets.forEach((bucket, index) => (version === 6 ? putBucket15(writer, bucket, index) : putBucket(writer, bucket, version)));
}

function putBucket(writer: Writer, bucket: Bucket, version: Version): void {
  const start = writer.at;
  writer.zero(2);
  writer.u16(bucket.weight ?? 0, "bucket.weight");
  writer.need(16);
  writer.u32(bucket.watchPort ?? ANY, "bucket.watchPort");
  writer.u32(bucket.watchGroup ?? ANY, "bucket.watchGroup");
  writer.zero(4);
  putActions(writer, bucket.actions, version, 0);
  writer.length16(start, start, "bucket");
}

function putBucket15(writer: Writer, bucket: Bucket, index: number): void {
  const start = writer.at;
  writer.zero(4);
  writer.need(8);
  writer.u32(bucket.id ?? index, "bucket.id");
  putActions(writer, bucket.actions, 6, 0);
  writer.length16(start + 2, start + 8, "bucket.actions");
  const { weight, watchPort, watchGroup } = bucket;
  if (weight !== undefined) putNumberProperty(writer, BucketProperty.WEIGHT, 2, weight, "bucket.weight");
  if (watchPort !== undefined) putNumberProperty(writer, BucketProperty.WATCH_PORT, 4, watchPort, "bucket.watchPort");
  if (watchGroup !== undefined) putNumberProperty(writer, BucketProperty.WATCH_GROUP, 4, watchGroup, "bucket.watchGroup");
  for (const property of bucket.properties ?? []) putRawProperty(writer, property);
  writer.length16(start, start, "bucket");
}

function putSelection(writer: Writer, selection: Selection): void {
  putProperty(writer, 0xffff, () => {
    writer.need(40);
    writer.u32(NETRONOME, "selection");
    writer.u32(SELECTION_METHOD, "selection");
    writer.at += 4;
    writer.text(selection.method, METHOD_SIZE, "selection.method");
    writer.u64(selection.parameter, "selection.parameter");
    for (const name in selection.fields) {
      const field = fieldNamed(name === "in_port" ? "in_port_oxm" : name);
      putHeader(writer, field.oxm[6], field.bytes, false);
      putValue(writer, field, selection.fields[name] as FieldValue);
    }
  });
}

function readGroupMod(reader: Reader, version: Version): GroupMod {
  const command = readCommand(reader, version);
  const groupType = readType(reader);
  reader.skip(1);
  const message: GroupMod = { type: "group-mod", command, groupType, group: reader.u32(), buckets: [] };
  if (version !== 6) {
    message.buckets = readBuckets(reader, version);
    return message;
  }
  const length = reader.u16();
  reader.skip(2);
  const commandBucket = reader.u32();
  if (commandBucket !== ANY) message.commandBucket = commandBucket;
  readBuckets15(reader, length, message);
  return message;
}

function readCommand(reader: Reader, version: Version): GroupCommand {
  const start = reader.at;
  const number = reader.u16();
  const command = COMMAND_NAMES.find((name) => COMMANDS[name] === number);
  if (command === undefined || (version !== 6 && command.endsWith("bucket"))) reader.fail(`unknown command ${number}`, start);
  return command;
}

function readType(reader: Reader): GroupType {
  return TYPES[reader.u8()] ?? reader.fail("unknown group type", reader.at - 1);
}

function readBuckets15(reader: Reader, length: number, group: Described): void {
  group.buckets = readBuckets(reader.sub(length, "buckets"), 6);
  readProperties(reader, "property", (type, body) => {
    const selection = type === 0xffff ? readSelection(body) : undefined;
    if (selection) group.selection = selection;
    else (group.properties ??= []).push({ type, data: body.rest() });
  });
}

/** Undefined, with nothing read: another experimenter's property. */
function readSelection(body: Reader): Selection | undefined {
  if (body.left < 36 || body.view.getUint32(body.at) !== NETRONOME || body.view.getUint32(body.at + 4) !== SELECTION_METHOD) return undefined;
  body.skip(12);
  return { method: body.text(METHOD_SIZE), parameter: body.u64(), fields: readFields(body) };
}

function readBuckets(reader: Reader, version: Version): Bucket[] {
  const buckets: Bucket[] = [];
  while (reader.left > 0) buckets.push(version === 6 ? readBucket15(reader) : readBucket(reader, version));
  return buckets;
}

function bucketBody(reader: Reader, least: number): Reader {
  const start = reader.at;
  const length = reader.u16();
  if (length < least || length % 8 !== 0) reader.fail(`bucket has length ${length}, a multiple of 8 from ${least} on expected`, start);
  return reader.sub(length - 2, "bucket");
}

function readBucket(reader: Reader, version: Version): Bucket {
  const body = bucketBody(reader, 16);
  const bucket: Bucket = { actions: [] };
  const weight = body.u16();
  if (weight !== 0) bucket.weight = weight;
  for (const name of ["watchPort", "watchGroup"] as const) {
    const value = body.u32();
    if (value !== ANY) bucket[name] = value;
  }
  body.skip(4);
  bucket.actions = readActions(body, version, 0);
  return bucket;
}

function readBucket15(reader: Reader): Bucket {
  const body = bucketBody(reader, 8);
  const length = body.u16();
  const bucket: Bucket = { id: body.u32(), actions: readActions(body.sub(length, "actions"), 6, 0) };
  readProperties(body, "property", (type, property) => {
    if (type === BucketProperty.WEIGHT) bucket.weight = property.u16();
    else if (type === BucketProperty.WATCH_PORT) bucket.watchPort = property.u32();
    else if (type === BucketProperty.WATCH_GROUP) bucket.watchGroup = property.u32();
    else (bucket.properties ??= []).push({ type, data: property.rest() });
  });
  return bucket;
}

/** One entry of a group-desc reply. */
export function putGroupDescription(writer: Writer, group: GroupDescription, version: Version): void {
  const start = writer.at;
  writer.zero(2);
  putType(writer, group.groupType);
  writer.zero(1);
  writer.need(12);
  writer.u32(group.group, "group.group");
  if (version === 6) {
    const length = writer.at;
    writer.zero(8);
    putBuckets15(writer, length, group);
  } else putBuckets(writer, group.buckets, version);
  writer.length16(start, start, "group");
}

export function readGroupDescription(reader: Reader, version: Version): GroupDescription {
  const start = reader.at;
  const length = reader.u16();
  if (length < 8) reader.fail(`group has length ${length}, at least 8 expected`, start);
  const body = reader.sub(length - 2, "group");
  const groupType = readType(body);
  body.skip(1);
  const group: GroupDescription = { group: body.u32(), groupType, buckets: [] };
  if (version !== 6) {
    group.buckets = readBuckets(body, version);
    return group;
  }
  const buckets = body.u16();
  body.skip(6);
  readBuckets15(body, buckets, group);
  return group;
}

export const GROUPS: readonly MessageCodec<never>[] = [codec("group-mod", 15, putGroupMod, readGroupMod)] as unknown as MessageCodec<never>[];
