// SPDX-License-Identifier: Apache-2.0
// Multipart requests and replies: OpenFlow 1.3 §7.3.5. One row per kind says how its body is written and read.
import { EncodeError } from "../errors.ts";
import type { MultipartReply, MultipartRequest } from "../messages.ts";
import type { Reader } from "../reader.ts";
import type { Version } from "../types.ts";
import type { Writer } from "../writer.ts";
import { codec, type MessageCodec } from "./codec.ts";
import * as entries from "./entries.ts";
import * as flows from "./flows.ts";
import { putGroupDescription, readGroupDescription } from "./groups.ts";
import { putMeterConfig, readMeterConfig } from "./meters.ts";
import { putPort, putTable, readPort, readTable } from "./ports.ts";
import { putOxs, readOxs } from "./statistics.ts";

type Kind = MultipartRequest["kind"];
type Body = { [member: string]: unknown };

const NUMBERS: Readonly<Partial<Record<Kind, number>>> = {
  desc: 0, flow: 1, aggregate: 2, table: 3, port: 4, queue: 5, group: 6, "group-desc": 7, "group-features": 8, meter: 9, "meter-config": 10,
  "meter-features": 11, "table-features": 12, "port-desc": 13, "table-desc": 14, "flow-monitor": 16, experimenter: 0xffff,
};
const KINDS = new Map(Object.entries(NUMBERS).map(([kind, number]) => [number, kind as Kind]));

const MORE = 1;
const ONF = 0x4f4e4600;
/** ONF EXT-187: OpenFlow 1.4's flow monitor for 1.3. */
const ONF_FLOW_MONITOR = 1870;
const ALL_GROUPS = 0xfffffffc;
const ANY_PORT = 0xffffffff;

interface Part {
  put(writer: Writer, body: never, version: Version): void;
  read(reader: Reader, version: Version): Body;
}

const EMPTY: Part = { put: () => {}, read: () => ({}) };
const OPAQUE: Part = { put: (writer, body: { data: Uint8Array }) => writer.raw(body.data), read: (reader) => ({ data: reader.rest() }) };

/** A list of entries up to the end of the message. */
function list<E>(member: string, put: (writer: Writer, entry: E, version: Version) => void, read: (reader: Reader, version: Version) => E): Part {
  return {
    put(writer, body: Record<string, E[]>, version) {
      for (const entry of body[member]!) put(writer, entry, version);
    },
    read(reader, version) {
      const found: E[] = [];
      while (reader.left > 0) found.push(read(reader, version));
      return { [member]: found };
    },
  };
}

/** One 32-bit number and four zero bytes. */
function selector(member: string): Part {
  return {
    put(writer, body: Record<string, number>) {
      writer.u32(body[member]!, member);
      writer.zero(4);
    },
    read(reader) {
      const value = reader.u32();
      reader.skip(4);
      return { [member]: value };
    },
  };
}

/** A selector that only OpenFlow 1.5 has; absent: everything. */
function selector15(member: string, all: number): Part {
  const part = selector(member);
  return {
    put: (writer, body: Record<string, number | undefined>, version) => (version === 6 ? part.put(writer, { [member]: body[member] ?? all } as never, version) : undefined),
    read(reader, version) {
      const body = version === 6 ? part.read(reader, version) : {};
      return body[member] === all ? {} : body;
    },
  };
}

const QUEUE: Part = {
  put(writer, body: { port: number; queue: number }) {
    writer.u32(body.port, "port");
    writer.u32(body.queue, "queue");
  },
  read: (reader) => ({ port: reader.u32(), queue: reader.u32() }),
};

const EXPERIMENTER: Part = {
  put(writer, body: { experimenter: number; subtype: number; data: Uint8Array }) {
    writer.u32(body.experimenter, "experimenter");
    writer.u32(body.subtype, "subtype");
    writer.raw(body.data);
  },
  read: (reader) => ({ experimenter: reader.u32(), subtype: reader.u32(), data: reader.rest() }),
};

const FILTER: Part = { put: flows.putFilter as Part["put"], read: (reader) => flows.readFilter(reader) as unknown as Body };

const REQUESTS: Readonly<Partial<Record<Kind, Part>>> = {
  desc: EMPTY, table: EMPTY, "group-features": EMPTY, "meter-features": EMPTY, "table-desc": EMPTY, flow: FILTER, aggregate: FILTER,
  port: selector("port"), queue: QUEUE, group: selector("group"), "group-desc": selector15("group", ALL_GROUPS), meter: selector("meter"),
  "meter-config": selector("meter"), "port-desc": selector15("port", ANY_PORT), "table-features": OPAQUE,
  "flow-monitor": list("monitors", flows.putMonitor, flows.readMonitor), experimenter: EXPERIMENTER,
};

const AGGREGATE: Part = {
  put: (writer, body: { statistics: never }, version) => (version === 6 ? putOxs : flows.putAggregate)(writer, body.statistics),
  read: (reader, version) => ({ statistics: (version === 6 ? readOxs : flows.readAggregate)(reader) }),
};

const one = <E>(put: (writer: Writer, entry: E, version: Version) => void, read: (reader: Reader) => E): Part => ({ put: put as Part["put"], read: (reader) => read(reader) as Body });

const REPLIES: Readonly<Partial<Record<Kind, Part>>> = {
  desc: one(entries.putDescription, entries.readDescription), flow: list("flows", flows.putFlowDescription, flows.readFlowDescription), aggregate: AGGREGATE,
  table: list("tables", entries.putTableStatistics, entries.readTableStatistics), port: list("ports", entries.putPortStatistics, entries.readPortStatistics),
  queue: list("queues", entries.putQueueStatistics, entries.readQueueStatistics), group: list("groups", entries.putGroupStatistics, entries.readGroupStatistics),
  "group-desc": list("groups", putGroupDescription, readGroupDescription), "group-features": one(entries.putGroupFeatures, entries.readGroupFeatures),
  meter: list("meters", entries.putMeterStatistics, entries.readMeterStatistics), "meter-config": list("meters", putMeterConfig, readMeterConfig),
  "meter-features": one(entries.putMeterFeatures, entries.readMeterFeatures), "table-features": OPAQUE, "port-desc": list("ports", putPort, readPort),
  "table-desc": list("tables", putTable, readTable), "flow-monitor": list("updates", flows.putUpdate, flows.readUpdate), experimenter: EXPERIMENTER,
};

type Multipart = (MultipartRequest | MultipartReply) & { number?: number };

function put(writer: Writer, message: Multipart, version: Version, parts: typeof REQUESTS): void {
  const monitor13 = message.kind === "flow-monitor" && version === 4;
  const number = message.kind === "unknown" ? message.number : monitor13 ? 0xffff : NUMBERS[message.kind];
  const part = message.kind === "unknown" ? OPAQUE : parts[message.kind];
  if (number === undefined || part === undefined) throw new EncodeError("multipart.kind", `unknown kind ${String(message.kind)}`);
  writer.u16(number, "multipart.number");
  writer.u16(message.more ? MORE : 0, "multipart.flags");
  writer.zero(4);
  if (monitor13) {
    writer.u32(ONF, "experimenter");
    writer.u32(ONF_FLOW_MONITOR, "subtype");
  }
  part.put(writer, message as never, version);
}

function read(reader: Reader, version: Version, parts: typeof REQUESTS): Body {
  const number = reader.u16();
  const more = (reader.u16() & MORE) !== 0;
  reader.skip(4);
  const kind = isMonitor13(reader, number, version) ? "flow-monitor" : KINDS.get(number);
  const usable = kind !== undefined && !(version === 4 && (number === 14 || number === 16));
  const part = usable ? parts[kind] : undefined;
  const head = part === undefined ? { kind: "unknown", number } : { kind };
  return Object.assign(head, (part ?? OPAQUE).read(reader, version), more && { more });
}

/** Skips the experimenter's head when it is ONF's flow monitor. */
function isMonitor13(reader: Reader, number: number, version: Version): boolean {
  if (number !== 0xffff || version !== 4 || reader.left < 8) return false;
  const found = reader.view.getUint32(reader.at) === ONF && reader.view.getUint32(reader.at + 4) === ONF_FLOW_MONITOR;
  if (found) reader.skip(8);
  return found;
}

export const MULTIPART: readonly MessageCodec<never>[] = [
  codec("multipart-request", 18, (writer, message, version) => put(writer, message, version, REQUESTS), (reader, version) => ({ type: "multipart-request", ...read(reader, version, REQUESTS) }) as MultipartRequest),
  codec("multipart-reply", 19, (writer, message, version) => put(writer, message, version, REPLIES), (reader, version) => ({ type: "multipart-reply", ...read(reader, version, REPLIES) }) as MultipartReply),
] as unknown as MessageCodec<never>[];
