// SPDX-License-Identifier: Apache-2.0
// Packet-in, packet-out, flow-removed (OpenFlow 1.3 §7.4, §7.3.7; 1.5 §7.4) and Nicira's packet-in2 and resume.
import { putActions } from "../actions/encode.ts";
import { readActions } from "../actions/decode.ts";
import { putFields, putMatch, readFields, readMatch } from "../match.ts";
import type { FlowRemoved, PacketIn, PacketInProperties, PacketOut } from "../messages.ts";
import { putNumberProperty, putProperty, putRawProperty, readProperties } from "../properties.ts";
import type { Reader } from "../reader.ts";
import type { Version } from "../types.ts";
import { Port } from "../types.ts";
import type { Writer } from "../writer.ts";
import { codec, type MessageCodec, nicira } from "./codec.ts";
import { putOxs, putTime, readOxs, readTime } from "./statistics.ts";

const NO_BUFFER = 0xffffffff;

function putPacketIn(writer: Writer, message: PacketIn, version: Version): void {
  writer.u32(message.bufferId ?? NO_BUFFER, "packet-in.bufferId");
  writer.u16(message.totalLength, "packet-in.totalLength");
  writer.u8(message.reason, "packet-in.reason");
  writer.u8(message.table, "packet-in.table");
  writer.u64(message.cookie, "packet-in.cookie");
  putMatch(writer, message.match, version, false);
  writer.zero(2);
  writer.raw(message.packet);
}

function readPacketIn(reader: Reader): PacketIn {
  const bufferId = reader.u32();
  const message: PacketIn = { type: "packet-in", totalLength: reader.u16(), reason: reader.u8(), table: reader.u8(), cookie: reader.u64(), match: readMatch(reader), packet: reader.bytes };
  if (bufferId !== NO_BUFFER) message.bufferId = bufferId;
  reader.skip(2);
  message.packet = reader.rest();
  return message;
}

function putPacketOut(writer: Writer, message: PacketOut, version: Version): void {
  writer.u32(message.bufferId ?? NO_BUFFER, "packet-out.bufferId");
  const inPort = message.inPort ?? Port.CONTROLLER;
  if (version !== 6) writer.u32(inPort, "packet-out.inPort");
  const length = writer.at;
  writer.zero(version === 6 ? 4 : 8);
  if (version === 6) putMatch(writer, { ...message.match, in_port: inPort }, version, false);
  const start = writer.at;
  putActions(writer, message.actions, version, 0);
  writer.length16(length, start, "packet-out.actions");
  writer.raw(message.packet);
}

function readPacketOut(reader: Reader, version: Version): PacketOut {
  const bufferId = reader.u32();
  const message: PacketOut = { type: "packet-out", inPort: version === 6 ? 0 : reader.u32(), actions: [], packet: reader.bytes };
  if (bufferId !== NO_BUFFER) message.bufferId = bufferId;
  const length = reader.u16();
  reader.skip(version === 6 ? 2 : 6);
  if (version === 6) readPipelineFields(reader, message);
  message.actions = readActions(reader.sub(length, "actions"), version, 0);
  message.packet = reader.rest();
  return message;
}

function readPipelineFields(reader: Reader, message: PacketOut): void {
  const start = reader.at;
  const { in_port: inPort, ...match } = readMatch(reader);
  if (typeof inPort !== "number") reader.fail("match has no in_port", start);
  message.inPort = inPort;
  if (Object.keys(match).length > 0) message.match = match;
}

function putFlowRemoved(writer: Writer, message: FlowRemoved, version: Version): void {
  if (version === 6) return putFlowRemoved15(writer, message);
  const { statistics } = message;
  writer.u64(message.cookie, "flow-removed.cookie");
  writer.u16(message.priority, "flow-removed.priority");
  writer.u8(message.reason, "flow-removed.reason");
  writer.u8(message.table, "flow-removed.table");
  putTime(writer, statistics.duration);
  writer.u16(message.idleTimeout, "flow-removed.idleTimeout");
  writer.u16(message.hardTimeout, "flow-removed.hardTimeout");
  writer.need(16);
  writer.u64(statistics.packets ?? 0n, "statistics.packets");
  writer.u64(statistics.bytes ?? 0n, "statistics.bytes");
  putMatch(writer, message.match, version);
}

function putFlowRemoved15(writer: Writer, message: FlowRemoved): void {
  writer.u8(message.table, "flow-removed.table");
  writer.u8(message.reason, "flow-removed.reason");
  writer.u16(message.priority, "flow-removed.priority");
  writer.u16(message.idleTimeout, "flow-removed.idleTimeout");
  writer.u16(message.hardTimeout, "flow-removed.hardTimeout");
  writer.u64(message.cookie, "flow-removed.cookie");
  putMatch(writer, message.match, 6);
  putOxs(writer, message.statistics);
}

function readFlowRemoved(reader: Reader, version: Version): FlowRemoved {
  if (version === 6) return readFlowRemoved15(reader);
  const cookie = reader.u64();
  const message: FlowRemoved = { type: "flow-removed", cookie, priority: reader.u16(), reason: reader.u8(), table: reader.u8(), idleTimeout: 0, hardTimeout: 0, match: {}, statistics: {} };
  const duration = readTime(reader);
  message.idleTimeout = reader.u16();
  message.hardTimeout = reader.u16();
  message.statistics = { duration, packets: reader.u64(), bytes: reader.u64() };
  message.match = readMatch(reader);
  return message;
}

function readFlowRemoved15(reader: Reader): FlowRemoved {
  const table = reader.u8();
  const reason = reader.u8();
  const priority = reader.u16();
  const idleTimeout = reader.u16();
  const hardTimeout = reader.u16();
  const cookie = reader.u64();
  return { type: "flow-removed", cookie, priority, reason, table, idleTimeout, hardTimeout, match: readMatch(reader), statistics: readOxs(reader) };
}

/** Properties of NXT_PACKET_IN2 and NXT_RESUME (include/openflow/nicira-ext.h, enum nx_packet_in2_prop_type). */
const In2 = { PACKET: 0, FULL_LENGTH: 1, BUFFER_ID: 2, TABLE: 3, COOKIE: 4, REASON: 5, METADATA: 6, USERDATA: 7, CONTINUATION: 8 } as const;

function putPacketInProperties(writer: Writer, message: PacketInProperties, version: Version): void {
  const { packet, fullLength, bufferId, table, cookie, reason, metadata, userdata, continuation } = message;
  putProperty(writer, In2.PACKET, () => writer.raw(packet));
  if (fullLength !== undefined) putNumberProperty(writer, In2.FULL_LENGTH, 4, fullLength, "fullLength");
  if (bufferId !== undefined) putNumberProperty(writer, In2.BUFFER_ID, 4, bufferId, "bufferId");
  if (table !== undefined) putNumberProperty(writer, In2.TABLE, 1, table, "table");
  if (cookie !== undefined) putCookie(writer, cookie);
  if (reason !== undefined) putNumberProperty(writer, In2.REASON, 1, reason, "reason");
  if (metadata !== undefined) putProperty(writer, In2.METADATA, () => putFields(writer, metadata, version, false));
  if (continuation !== undefined) putProperty(writer, In2.CONTINUATION, () => writer.raw(continuation));
  if (userdata !== undefined) putProperty(writer, In2.USERDATA, () => writer.raw(userdata));
  for (const property of message.properties ?? []) putRawProperty(writer, property);
}

/** Bodies of 8 bytes begin 8 bytes after the property's start. */
function putCookie(writer: Writer, cookie: bigint): void {
  putProperty(writer, In2.COOKIE, () => {
    writer.at += 4;
    writer.u64(cookie, "cookie");
  });
}

function readPacketInProperties(reader: Reader, message: PacketInProperties): void {
  let packet = false;
  readProperties(reader, "property", (type, body) => {
    if (type === In2.PACKET) [message.packet, packet] = [body.rest(), true];
    else readPacketInProperty(type, body, message);
  });
  if (!packet) reader.fail("no packet property");
}

function readPacketInProperty(type: number, body: Reader, message: PacketInProperties): void {
  if (type === In2.FULL_LENGTH) message.fullLength = body.u32();
  else if (type === In2.BUFFER_ID) message.bufferId = body.u32();
  else if (type === In2.TABLE) message.table = body.u8();
  else if (type === In2.COOKIE) {
    body.skip(4);
    message.cookie = body.u64();
  } else if (type === In2.REASON) message.reason = body.u8();
  else if (type === In2.METADATA) message.metadata = readFields(body);
  else if (type === In2.USERDATA) message.userdata = body.rest();
  else if (type === In2.CONTINUATION) message.continuation = body.rest();
  else (message.properties ??= []).push({ type, data: body.rest() });
}

function packetIn2<T extends "nx-packet-in2" | "nx-resume">(type: T, subtype: number): MessageCodec<T> {
  return codec(type, nicira(subtype), (writer, message, version) => putPacketInProperties(writer, message as PacketInProperties, version), (reader) => {
    const message = { type, packet: reader.bytes };
    readPacketInProperties(reader, message);
    return message as never;
  });
}

export const PACKETS: readonly MessageCodec<never>[] = [
  codec("packet-in", 10, putPacketIn, readPacketIn),
  codec("flow-removed", 11, putFlowRemoved, readFlowRemoved),
  codec("packet-out", 13, putPacketOut, readPacketOut),
  packetIn2("nx-packet-in2", 30),
  packetIn2("nx-resume", 28),
] as unknown as MessageCodec<never>[];
