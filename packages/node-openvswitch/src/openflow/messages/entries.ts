// SPDX-License-Identifier: Apache-2.0
// Entries of multipart replies that are plain counters: tables, ports, queues, groups, meters (OpenFlow 1.3 §7.3.5; 1.4 §7.3.5).
import type { GroupFeatures, GroupStatistics, MeterFeatures, MeterStatistics, PortStatistics, QueueStatistics, SwitchDescription, TableStatistics } from "../messages.ts";
import { putProperty, putRawProperty, readProperties } from "../properties.ts";
import type { Reader } from "../reader.ts";
import type { Version } from "../types.ts";
import type { Writer } from "../writer.ts";
import { readRaw } from "./ports.ts";
import { putTime, readTime } from "./statistics.ts";

const DESC_SIZE = 256;
const SERIAL_SIZE = 32;

export function putDescription(writer: Writer, desc: SwitchDescription): void {
  writer.text(desc.manufacturer, DESC_SIZE, "desc.manufacturer");
  writer.text(desc.hardware, DESC_SIZE, "desc.hardware");
  writer.text(desc.software, DESC_SIZE, "desc.software");
  writer.text(desc.serial, SERIAL_SIZE, "desc.serial");
  writer.text(desc.datapath, DESC_SIZE, "desc.datapath");
}

export function readDescription(reader: Reader): SwitchDescription {
  return { manufacturer: reader.text(DESC_SIZE), hardware: reader.text(DESC_SIZE), software: reader.text(DESC_SIZE), serial: reader.text(SERIAL_SIZE), datapath: reader.text(DESC_SIZE) };
}

export function putTableStatistics(writer: Writer, entry: TableStatistics): void {
  writer.need(24);
  writer.u8(entry.table, "table.table");
  writer.at += 3;
  writer.u32(entry.active, "table.active");
  writer.u64(entry.lookups, "table.lookups");
  writer.u64(entry.matched, "table.matched");
}

export function readTableStatistics(reader: Reader): TableStatistics {
  const table = reader.u8();
  reader.skip(3);
  return { table, active: reader.u32(), lookups: reader.u64(), matched: reader.u64() };
}

const PORT_COUNTERS = ["rxPackets", "txPackets", "rxBytes", "txBytes", "rxDropped", "txDropped", "rxErrors", "txErrors"] as const;
const ETHERNET_COUNTERS = ["rxFrameErrors", "rxOverErrors", "rxCrcErrors", "collisions"] as const;
const ETHERNET = 0;

export function putPortStatistics(writer: Writer, entry: PortStatistics, version: Version): void {
  const start = writer.at;
  writer.need(128);
  if (version !== 4) writer.at += 4;
  writer.u32(entry.port, "port.port");
  if (version === 4) writer.at += 4;
  else putTime(writer, entry.duration);
  for (const counter of PORT_COUNTERS) writer.u64(entry[counter], `port.${counter}`);
  if (version === 4) {
    putEthernet(writer, entry);
    return putTime(writer, entry.duration);
  }
  if (entry.collisions !== undefined) {
    putProperty(writer, ETHERNET, () => {
      writer.zero(4);
      putEthernet(writer, entry);
    });
  }
  for (const property of entry.properties ?? []) putRawProperty(writer, property);
  writer.length16(start, start, "port");
}

function putEthernet(writer: Writer, entry: PortStatistics): void {
  writer.need(48);
  for (const counter of ETHERNET_COUNTERS) writer.u64(entry[counter] ?? 0n, `port.${counter}`);
}

export function readPortStatistics(reader: Reader, version: Version): PortStatistics {
  if (version === 4) {
    const port = reader.u32();
    reader.skip(4);
    const entry = readCounters(reader, port, { seconds: 0, nanoseconds: 0 });
    readEthernet(reader, entry);
    entry.duration = readTime(reader);
    return entry;
  }
  const body = entryBody(reader, "port", 80);
  body.skip(2);
  const entry = readCounters(body, body.u32(), readTime(body));
  readProperties(body, "property", (type, property) => {
    if (type !== ETHERNET) return void (entry.properties ??= []).push({ type, data: property.rest() });
    property.skip(4);
    readEthernet(property, entry);
  });
  return entry;
}

/** An entry that begins with its length in 16 bits; what follows the length. */
export function entryBody(reader: Reader, name: string, least: number): Reader {
  const start = reader.at;
  const length = reader.u16();
  if (length < least) reader.fail(`${name} has length ${length}, at least ${least} expected`, start);
  return reader.sub(length - 2, name);
}

function readCounters(reader: Reader, port: number, duration: PortStatistics["duration"]): PortStatistics {
  return {
    port, duration, rxPackets: reader.u64(), txPackets: reader.u64(), rxBytes: reader.u64(), txBytes: reader.u64(),
    rxDropped: reader.u64(), txDropped: reader.u64(), rxErrors: reader.u64(), txErrors: reader.u64(),
  };
}

function readEthernet(reader: Reader, entry: PortStatistics): void {
  for (const counter of ETHERNET_COUNTERS) entry[counter] = reader.u64();
}

export function putQueueStatistics(writer: Writer, entry: QueueStatistics, version: Version): void {
  const start = writer.at;
  if (version !== 4) writer.zero(8);
  writer.need(48);
  writer.u32(entry.port, "queue.port");
  writer.u32(entry.queue, "queue.queue");
  writer.u64(entry.txBytes, "queue.txBytes");
  writer.u64(entry.txPackets, "queue.txPackets");
  writer.u64(entry.txErrors, "queue.txErrors");
  putTime(writer, entry.duration);
  if (version === 4) return;
  for (const property of entry.properties ?? []) putRawProperty(writer, property);
  writer.length16(start, start, "queue");
}

export function readQueueStatistics(reader: Reader, version: Version): QueueStatistics {
  const body = version === 4 ? reader : entryBody(reader, "queue", 48);
  if (version !== 4) body.skip(6);
  const entry: QueueStatistics = { port: body.u32(), queue: body.u32(), txBytes: body.u64(), txPackets: body.u64(), txErrors: body.u64(), duration: readTime(body) };
  if (version !== 4 && body.left > 0) entry.properties = readRaw(body);
  return entry;
}

type Counter = { packets: bigint; bytes: bigint };

function putCounters(writer: Writer, counters: Counter[]): void {
  for (const { packets, bytes } of counters) {
    writer.need(16);
    writer.u64(packets, "packets");
    writer.u64(bytes, "bytes");
  }
}

function readAllCounters(reader: Reader): Counter[] {
  const counters: Counter[] = [];
  while (reader.left > 0) counters.push({ packets: reader.u64(), bytes: reader.u64() });
  return counters;
}

export function putGroupStatistics(writer: Writer, entry: GroupStatistics): void {
  const start = writer.at;
  writer.zero(4);
  writer.need(40);
  writer.u32(entry.group, "group.group");
  writer.u32(entry.references, "group.references");
  writer.at += 4;
  putCounters(writer, [entry]);
  putTime(writer, entry.duration);
  putCounters(writer, entry.buckets);
  writer.length16(start, start, "group");
}

export function readGroupStatistics(reader: Reader): GroupStatistics {
  const body = entryBody(reader, "group", 40);
  body.skip(2);
  const group = body.u32();
  const references = body.u32();
  body.skip(4);
  return { group, references, packets: body.u64(), bytes: body.u64(), duration: readTime(body), buckets: readAllCounters(body) };
}

export function putMeterStatistics(writer: Writer, entry: MeterStatistics): void {
  const start = writer.at;
  writer.need(48);
  writer.u32(entry.meter, "meter.meter");
  writer.at += 8;
  writer.u32(entry.flows, "meter.flows");
  putCounters(writer, [entry]);
  putTime(writer, entry.duration);
  putCounters(writer, entry.bands);
  writer.length16(start + 4, start, "meter");
}

export function readMeterStatistics(reader: Reader): MeterStatistics {
  const meter = reader.u32();
  const start = reader.at;
  const length = reader.u16();
  if (length < 40) reader.fail(`meter has length ${length}, at least 40 expected`, start);
  const body = reader.sub(length - 6, "meter");
  body.skip(6);
  return { meter, flows: body.u32(), packets: body.u64(), bytes: body.u64(), duration: readTime(body), bands: readAllCounters(body) };
}

export function putGroupFeatures(writer: Writer, features: GroupFeatures): void {
  writer.need(48);
  writer.u32(features.types, "group-features.types");
  writer.u32(features.capabilities, "group-features.capabilities");
  for (let i = 0; i < 4; i++) writer.u32(features.maxGroups[i]!, "group-features.maxGroups");
  for (let i = 0; i < 4; i++) writer.u32(features.actions[i]!, "group-features.actions");
}

export function readGroupFeatures(reader: Reader): GroupFeatures {
  const four = () => Array.from({ length: 4 }, () => reader.u32());
  return { types: reader.u32(), capabilities: reader.u32(), maxGroups: four(), actions: four() };
}

export function putMeterFeatures(writer: Writer, features: MeterFeatures, version: Version): void {
  writer.need(32);
  writer.u32(features.maxMeter, "meter-features.maxMeter");
  writer.u32(features.bandTypes, "meter-features.bandTypes");
  writer.u32(features.capabilities, "meter-features.capabilities");
  writer.u8(features.maxBands, "meter-features.maxBands");
  writer.u8(features.maxColors, "meter-features.maxColors");
  writer.at += 2;
  if (version === 6 && features.features !== undefined) {
    writer.u32(features.features, "meter-features.features");
    writer.at += 4;
  }
}

/** Open vSwitch sends the 16 bytes of 1.3 in 1.5 as well. */
export function readMeterFeatures(reader: Reader): MeterFeatures {
  const features: MeterFeatures = { maxMeter: reader.u32(), bandTypes: reader.u32(), capabilities: reader.u32(), maxBands: reader.u8(), maxColors: reader.u8() };
  reader.skip(2);
  if (reader.left === 0) return features;
  features.features = reader.u32();
  reader.skip(4);
  return features;
}
