// SPDX-License-Identifier: Apache-2.0
// Nicira's extension messages besides packet-in2 (include/openflow/nicira-ext.h).
import { EncodeError } from "../errors.ts";
import type { CtTuple, FlowMonitorCancel, NxCtFlush, NxNumber, NxTlvTableMod, NxTlvTableReply, TlvMapping } from "../messages.ts";
import { putNumberProperty, putProperty, putRawProperty, readProperties } from "../properties.ts";
import type { Reader } from "../reader.ts";
import type { Writer } from "../writer.ts";
import { codec, type MessageCodec, nicira, onf } from "./codec.ts";

/** A 16-bit number after six zero bytes. */
function number16(type: NxNumber["type"], subtype: number): MessageCodec<NxNumber["type"]> {
  return codec(type, nicira(subtype), (writer, message) => {
    writer.zero(6);
    writer.u16(message.value, type);
  }, (reader) => {
    reader.skip(6);
    return { type, value: reader.u16() };
  });
}

const FORMAT = codec("nx-set-packet-in-format", nicira(16), (writer, message) => writer.u32(message.value, message.type), (reader) => ({ type: "nx-set-packet-in-format", value: reader.u32() }));

const TABLE_ID = codec("nx-flow-mod-table-id", nicira(15), (writer, message) => {
  writer.u8(message.value, message.type);
  writer.zero(7);
}, (reader) => {
  const value = reader.u8();
  reader.skip(7);
  return { type: "nx-flow-mod-table-id", value };
});

const Flush = { ORIGINAL: 0, REPLY: 1, ZONE: 2 } as const;
const Tuple = { SOURCE: 0, DESTINATION: 1, SOURCE_PORT: 2, DESTINATION_PORT: 3, ICMP_ID: 4, ICMP_TYPE: 5, ICMP_CODE: 6 } as const;
/** ::ffff:0:0/96, in which the message carries IPv4. */
const MAPPED = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff);

function putFlush(writer: Writer, message: NxCtFlush): void {
  const { original, reply, zone } = message;
  writer.u8(message.protocol, "nx-ct-flush.protocol");
  writer.zero(7);
  if (original) putProperty(writer, Flush.ORIGINAL, () => putTuple(writer, original));
  if (reply) putProperty(writer, Flush.REPLY, () => putTuple(writer, reply));
  if (zone !== undefined) putNumberProperty(writer, Flush.ZONE, 2, zone, "nx-ct-flush.zone");
  for (const property of message.properties ?? []) putRawProperty(writer, property);
}

/** Nested properties begin 8 bytes after the outer one's start. */
function putTuple(writer: Writer, tuple: CtTuple): void {
  writer.zero(4);
  const { source, destination, sourcePort, destinationPort, icmpId, icmpType, icmpCode } = tuple;
  if (source) putProperty(writer, Tuple.SOURCE, () => putAddress(writer, source));
  if (destination) putProperty(writer, Tuple.DESTINATION, () => putAddress(writer, destination));
  if (sourcePort !== undefined) putNumberProperty(writer, Tuple.SOURCE_PORT, 2, sourcePort, "tuple.sourcePort");
  if (destinationPort !== undefined) putNumberProperty(writer, Tuple.DESTINATION_PORT, 2, destinationPort, "tuple.destinationPort");
  if (icmpId !== undefined) putNumberProperty(writer, Tuple.ICMP_ID, 2, icmpId, "tuple.icmpId");
  if (icmpType !== undefined) putNumberProperty(writer, Tuple.ICMP_TYPE, 1, icmpType, "tuple.icmpType");
  if (icmpCode !== undefined) putNumberProperty(writer, Tuple.ICMP_CODE, 1, icmpCode, "tuple.icmpCode");
}

function putAddress(writer: Writer, address: Uint8Array): void {
  if (address.length !== 4 && address.length !== 16) throw new EncodeError("tuple.address", `${address.length} bytes, expected 4 or 16`);
  if (address.length === 4) writer.raw(MAPPED);
  writer.raw(address);
}

function readFlush(reader: Reader): NxCtFlush {
  const message: NxCtFlush = { type: "nx-ct-flush", protocol: reader.u8() };
  reader.skip(7);
  readProperties(reader, "property", (type, body) => {
    if (type === Flush.ORIGINAL) message.original = readTuple(body);
    else if (type === Flush.REPLY) message.reply = readTuple(body);
    else if (type === Flush.ZONE) message.zone = body.u16();
    else (message.properties ??= []).push({ type, data: body.rest() });
  });
  return message;
}

function readTuple(reader: Reader): CtTuple {
  const tuple: CtTuple = {};
  reader.skip(4);
  readProperties(reader, "tuple property", (type, body) => {
    if (type === Tuple.SOURCE) tuple.source = readAddress(body);
    else if (type === Tuple.DESTINATION) tuple.destination = readAddress(body);
    else if (type === Tuple.SOURCE_PORT) tuple.sourcePort = body.u16();
    else if (type === Tuple.DESTINATION_PORT) tuple.destinationPort = body.u16();
    else if (type === Tuple.ICMP_ID) tuple.icmpId = body.u16();
    else if (type === Tuple.ICMP_TYPE) tuple.icmpType = body.u8();
    else if (type === Tuple.ICMP_CODE) tuple.icmpCode = body.u8();
    else body.fail(`unknown tuple property ${type}`);
  });
  return tuple;
}

function readAddress(reader: Reader): Uint8Array {
  const address = reader.raw(16);
  return MAPPED.every((byte, i) => address[i] === byte) ? address.slice(12) : address;
}

const TLV_COMMANDS = ["add", "delete", "clear"] as const;

function putMappings(writer: Writer, mappings: TlvMapping[]): void {
  for (const mapping of mappings) {
    writer.need(8);
    writer.u16(mapping.optionClass, "tlv.optionClass");
    writer.u8(mapping.optionType, "tlv.optionType");
    writer.u8(mapping.optionLength, "tlv.optionLength");
    writer.u16(mapping.index, "tlv.index");
    writer.at += 2;
  }
}

function readMappings(reader: Reader): TlvMapping[] {
  const mappings: TlvMapping[] = [];
  while (reader.left > 0) {
    mappings.push({ optionClass: reader.u16(), optionType: reader.u8(), optionLength: reader.u8(), index: reader.u16() });
    reader.skip(2);
  }
  return mappings;
}

function putTlvMod(writer: Writer, message: NxTlvTableMod): void {
  const command = TLV_COMMANDS.indexOf(message.command);
  if (command < 0) throw new EncodeError("nx-tlv-table-mod.command", `unknown command ${String(message.command)}`);
  writer.u16(command, "nx-tlv-table-mod.command");
  writer.zero(6);
  putMappings(writer, message.mappings);
}

function readTlvMod(reader: Reader): NxTlvTableMod {
  const command = TLV_COMMANDS[reader.u16()] ?? reader.fail("unknown command", reader.at - 2);
  reader.skip(6);
  return { type: "nx-tlv-table-mod", command, mappings: readMappings(reader) };
}

function putTlvReply(writer: Writer, message: NxTlvTableReply): void {
  writer.u32(message.maxSpace, "nx-tlv-table-reply.maxSpace");
  writer.u16(message.maxFields, "nx-tlv-table-reply.maxFields");
  writer.zero(10);
  putMappings(writer, message.mappings);
}

function readTlvReply(reader: Reader): NxTlvTableReply {
  const message: NxTlvTableReply = { type: "nx-tlv-table-reply", maxSpace: reader.u32(), maxFields: reader.u16(), mappings: [] };
  reader.skip(10);
  message.mappings = readMappings(reader);
  return message;
}

const CANCEL = codec("flow-monitor-cancel", (version) => (version === 4 ? onf(1870) : undefined), (writer, message) => writer.u32(message.monitor, "monitor"), (reader): FlowMonitorCancel => ({ type: "flow-monitor-cancel", monitor: reader.u32() }));

export const NICIRA_MESSAGES: readonly MessageCodec<never>[] = [
  FORMAT, TABLE_ID, number16("nx-set-controller-id", 20), number16("nx-ct-flush-zone", 29),
  codec("nx-ct-flush", nicira(32), putFlush, readFlush),
  codec("nx-tlv-table-mod", nicira(24), putTlvMod, readTlvMod),
  codec("nx-tlv-table-reply", nicira(26), putTlvReply, readTlvReply),
  CANCEL,
] as unknown as MessageCodec<never>[];
