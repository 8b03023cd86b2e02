// SPDX-License-Identifier: Apache-2.0
// Ports and tables: port-status, port-mod, table-mod, table-status, role-status and their descriptions (OpenFlow 1.3 §7.2.1; 1.4 §7.2.1).
import type { PortDescription, PortMod, PortStatus, RoleStatus, TableDescription, TableMod, TableStatus } from "../messages.ts";
import { type Property, putNumberProperty, putProperty, putRawProperty, readProperties } from "../properties.ts";
import type { Reader } from "../reader.ts";
import type { Version } from "../types.ts";
import type { Writer } from "../writer.ts";
import { codec, type MessageCodec, onf } from "./codec.ts";

const ETHERNET = 0;
const NAME_SIZE = 16;

type Ethernet = NonNullable<PortDescription["ethernet"]>;

export function putPort(writer: Writer, port: PortDescription, version: Version): void {
  const start = writer.at;
  writer.need(72);
  writer.u32(port.port, "port.port");
  writer.at += 4;
  putHardware(writer, port.hardware);
  writer.at += 2;
  writer.text(port.name, NAME_SIZE, "port.name");
  writer.u32(port.config, "port.config");
  writer.u32(port.state, "port.state");
  if (version === 4) return putEthernet(writer, port.ethernet ?? NO_ETHERNET);
  const { ethernet } = port;
  if (ethernet) {
    putProperty(writer, ETHERNET, () => {
      writer.zero(4);
      putEthernet(writer, ethernet);
    });
  }
  for (const property of port.properties ?? []) putRawProperty(writer, property);
  writer.length16(start + 4, start, "port");
}

const NO_ETHERNET: Ethernet = { current: 0, advertised: 0, supported: 0, peer: 0, currentSpeed: 0, maxSpeed: 0 };
const ETHERNET_WORDS = ["current", "advertised", "supported", "peer", "currentSpeed", "maxSpeed"] as const;

function putEthernet(writer: Writer, ethernet: Ethernet): void {
  writer.need(24);
  for (const word of ETHERNET_WORDS) writer.u32(ethernet[word], `port.ethernet.${word}`);
}

function putHardware(writer: Writer, hardware: Uint8Array): void {
  const start = writer.at;
  writer.raw(hardware.subarray(0, 6));
  writer.at = start + 6;
}

export function readPort(reader: Reader, version: Version): PortDescription {
  const start = reader.at;
  const number = reader.u32();
  const length = version === 4 ? 64 : reader.u16();
  if (length < 40) reader.fail(`port ${number} has length ${length}, at least 40 expected`, start + 4);
  reader.skip(version === 4 ? 4 : 2);
  const body = reader.sub(length - 8, `port ${number}`);
  const hardware = body.raw(6);
  body.skip(2);
  const port: PortDescription = { port: number, hardware, name: body.text(NAME_SIZE), config: body.u32(), state: body.u32() };
  if (version === 4) port.ethernet = readEthernet(body);
  else readPortProperties(body, port);
  return port;
}

function readPortProperties(body: Reader, port: PortDescription): void {
  readProperties(body, "property", (type, property) => {
    if (type !== ETHERNET) return void (port.properties ??= []).push({ type, data: property.rest() });
    property.skip(4);
    port.ethernet = readEthernet(property);
  });
}

function readEthernet(reader: Reader): Ethernet {
  return { current: reader.u32(), advertised: reader.u32(), supported: reader.u32(), peer: reader.u32(), currentSpeed: reader.u32(), maxSpeed: reader.u32() };
}

function putPortStatus(writer: Writer, message: PortStatus, version: Version): void {
  writer.u8(message.reason, "port-status.reason");
  writer.zero(7);
  putPort(writer, message.port, version);
}

function readPortStatus(reader: Reader, version: Version): PortStatus {
  const reason = reader.u8();
  reader.skip(7);
  return { type: "port-status", reason, port: readPort(reader, version) };
}

function putPortMod(writer: Writer, message: PortMod, version: Version): void {
  writer.need(40);
  writer.u32(message.port, "port-mod.port");
  writer.at += 4;
  putHardware(writer, message.hardware);
  writer.at += 2;
  writer.u32(message.config, "port-mod.config");
  writer.u32(message.mask, "port-mod.mask");
  if (version === 4) {
    writer.u32(message.advertise ?? 0, "port-mod.advertise");
    return writer.zero(4);
  }
  const { advertise } = message;
  if (advertise !== undefined) putNumberProperty(writer, ETHERNET, 4, advertise, "port-mod.advertise");
  for (const property of message.properties ?? []) putRawProperty(writer, property);
}

function readPortMod(reader: Reader, version: Version): PortMod {
  const port = reader.u32();
  reader.skip(4);
  const hardware = reader.raw(6);
  reader.skip(2);
  const message: PortMod = { type: "port-mod", port, hardware, config: reader.u32(), mask: reader.u32() };
  if (version === 4) {
    message.advertise = reader.u32();
    reader.skip(4);
    return message;
  }
  readProperties(reader, "property", (type, body) => {
    if (type === ETHERNET) message.advertise = body.u32();
    else (message.properties ??= []).push({ type, data: body.rest() });
  });
  return message;
}

export function readRaw(reader: Reader): Property[] {
  const properties: Property[] = [];
  readProperties(reader, "property", (type, body) => void properties.push({ type, data: body.rest() }));
  return properties;
}

function putTableMod(writer: Writer, message: TableMod, version: Version): void {
  writer.u8(message.table, "table-mod.table");
  writer.zero(3);
  writer.u32(message.config, "table-mod.config");
  if (version !== 4) for (const property of message.properties ?? []) putRawProperty(writer, property);
}

function readTableMod(reader: Reader, version: Version): TableMod {
  const table = reader.u8();
  reader.skip(3);
  const message: TableMod = { type: "table-mod", table, config: reader.u32() };
  if (version !== 4 && reader.left > 0) message.properties = readRaw(reader);
  return message;
}

export function putTable(writer: Writer, table: TableDescription): void {
  const start = writer.at;
  writer.zero(2);
  writer.u8(table.table, "table.table");
  writer.zero(1);
  writer.u32(table.config, "table.config");
  for (const property of table.properties) putRawProperty(writer, property);
  writer.length16(start, start, "table");
}

export function readTable(reader: Reader): TableDescription {
  const start = reader.at;
  const length = reader.u16();
  if (length < 8) reader.fail(`table has length ${length}, at least 8 expected`, start);
  const body = reader.sub(length - 2, "table");
  const table = body.u8();
  body.skip(1);
  return { table, config: body.u32(), properties: readRaw(body) };
}

function putRoleStatus(writer: Writer, message: RoleStatus): void {
  writer.u32(message.role, "role-status.role");
  writer.u8(message.reason, "role-status.reason");
  writer.zero(3);
  writer.u64(message.generation, "role-status.generation");
  for (const property of message.properties ?? []) putRawProperty(writer, property);
}

function readRoleStatus(reader: Reader): RoleStatus {
  const role = reader.u32();
  const reason = reader.u8();
  reader.skip(3);
  const message: RoleStatus = { type: "role-status", role, reason, generation: reader.u64() };
  if (reader.left > 0) message.properties = readRaw(reader);
  return message;
}

function putTableStatus(writer: Writer, message: TableStatus): void {
  writer.u8(message.reason, "table-status.reason");
  writer.zero(7);
  putTable(writer, message.table);
}

function readTableStatus(reader: Reader): TableStatus {
  const reason = reader.u8();
  reader.skip(7);
  return { type: "table-status", reason, table: readTable(reader) };
}

export const PORTS: readonly MessageCodec<never>[] = [
  codec("port-status", 12, putPortStatus, readPortStatus),
  codec("port-mod", 16, putPortMod, readPortMod),
  codec("table-mod", 17, putTableMod, readTableMod),
  codec("role-status", (version) => (version === 4 ? onf(1911) : 30), putRoleStatus, readRoleStatus),
  codec("table-status", (version) => (version === 4 ? undefined : 31), putTableStatus, readTableStatus),
] as unknown as MessageCodec<never>[];
