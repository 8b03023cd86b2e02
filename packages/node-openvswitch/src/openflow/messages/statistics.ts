// SPDX-License-Identifier: Apache-2.0
// Counters of a flow: fixed fields up to OpenFlow 1.4, OXS TLVs in 1.5 (§7.2.4.2).
import type { FlowStatistics } from "../messages.ts";
import type { Reader } from "../reader.ts";
import type { Writer } from "../writer.ts";

const CLASS = 0x8002;
const Oxs = { DURATION: 0, IDLE: 1, FLOWS: 3, PACKETS: 4, BYTES: 5 } as const;

export interface Time {
  seconds: number;
  nanoseconds: number;
}

export function putTime(writer: Writer, time: Time | undefined): void {
  writer.need(8);
  writer.u32(time?.seconds ?? 0, "duration.seconds");
  writer.u32(time?.nanoseconds ?? 0, "duration.nanoseconds");
}

export function readTime(reader: Reader): Time {
  return { seconds: reader.u32(), nanoseconds: reader.u32() };
}

/** In the order in which Open vSwitch writes them. */
export function putOxs(writer: Writer, statistics: FlowStatistics): void {
  const start = writer.at;
  writer.zero(4);
  if (statistics.duration) putTime(head(writer, Oxs.DURATION, 8), statistics.duration);
  if (statistics.idle) putTime(head(writer, Oxs.IDLE, 8), statistics.idle);
  if (statistics.packets !== undefined) head(writer, Oxs.PACKETS, 8).u64(statistics.packets, "statistics.packets");
  if (statistics.bytes !== undefined) head(writer, Oxs.BYTES, 8).u64(statistics.bytes, "statistics.bytes");
  if (statistics.flows !== undefined) head(writer, Oxs.FLOWS, 4).u32(statistics.flows, "statistics.flows");
  writer.length16(start + 2, start, "statistics");
  writer.pad8(start);
}

function head(writer: Writer, field: number, size: number): Writer {
  writer.need(4 + size);
  writer.u32(CLASS * 0x10000 + field * 0x200 + size, "statistics");
  return writer;
}

/** Statistics of other classes are skipped. */
export function readOxs(reader: Reader): FlowStatistics {
  const start = reader.at;
  reader.skip(2);
  const length = reader.u16();
  if (length < 4) reader.fail(`statistics have length ${length}, at least 4 expected`, start + 2);
  const body = reader.sub(length - 4, "statistics");
  reader.pad8(start);
  const statistics: FlowStatistics = {};
  while (body.left > 0) readStatistic(body, statistics);
  return statistics;
}

function readStatistic(body: Reader, statistics: FlowStatistics): void {
  const start = body.at;
  const header = body.u32();
  const value = body.sub(header & 0xff, "statistic");
  if (header >>> 16 !== CLASS) return;
  const field = (header >>> 9) & 0x7f;
  const size = field === Oxs.FLOWS ? 4 : 8;
  if (field <= Oxs.BYTES && field !== 2 && value.left !== size) body.fail(`statistic ${field} has ${value.left} bytes, expected ${size}`, start);
  if (field === Oxs.DURATION) statistics.duration = readTime(value);
  else if (field === Oxs.IDLE) statistics.idle = readTime(value);
  else if (field === Oxs.FLOWS) statistics.flows = value.u32();
  else if (field === Oxs.PACKETS) statistics.packets = value.u64();
  else if (field === Oxs.BYTES) statistics.bytes = value.u64();
}
