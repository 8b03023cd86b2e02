// SPDX-License-Identifier: Apache-2.0
// Flows in multipart messages: filters, descriptions with counters, flow monitors (OpenFlow 1.3 §7.3.5.2; 1.4 §7.3.5.17; ONF EXT-187 for 1.3).
import { EncodeError } from "../errors.ts";
import { setNonZero } from "../flow-mod.ts";
import { putInstructions, readInstructions } from "../instructions.ts";
import { putMatch, readMatch } from "../match.ts";
import type { FlowDescription, FlowFilter, FlowMonitorRequest, FlowStatistics, FlowUpdate } from "../messages.ts";
import type { Reader } from "../reader.ts";
import type { Flow, Version } from "../types.ts";
import type { Writer } from "../writer.ts";
import { entryBody } from "./entries.ts";
import { putOxs, putTime, readOxs, readTime } from "./statistics.ts";

const ANY = 0xffffffff;

export function putFilter(writer: Writer, filter: FlowFilter, version: Version): void {
  writer.need(40);
  writer.u8(filter.table, "filter.table");
  writer.at += 3;
  writer.u32(filter.outPort ?? ANY, "filter.outPort");
  writer.u32(filter.outGroup ?? ANY, "filter.outGroup");
  writer.at += 4;
  writer.u64(filter.cookie ?? 0n, "filter.cookie");
  writer.u64(filter.cookieMask ?? 0n, "filter.cookieMask");
  putMatch(writer, filter.match, version);
}

export function readFilter(reader: Reader): FlowFilter {
  const filter: FlowFilter = { table: reader.u8(), match: {} };
  reader.skip(3);
  setPorts(reader, filter);
  reader.skip(4);
  const cookie = reader.u64();
  const cookieMask = reader.u64();
  if (cookie !== 0n) filter.cookie = cookie;
  if (cookieMask !== 0n) filter.cookieMask = cookieMask;
  filter.match = readMatch(reader);
  return filter;
}

function setPorts(reader: Reader, target: { outPort?: number; outGroup?: number }): void {
  for (const name of ["outPort", "outGroup"] as const) {
    const value = reader.u32();
    if (value !== ANY) target[name] = value;
  }
}

export function putFlowDescription(writer: Writer, flow: FlowDescription, version: Version): void {
  const start = writer.at;
  writer.need(48);
  writer.at += 2;
  if (version === 6) putHead15(writer, flow);
  else putHead(writer, flow, version);
  putMatch(writer, flow.match, version);
  if (version === 6) putOxs(writer, flow.statistics);
  putInstructions(writer, flow.instructions, version);
  writer.length16(start, start, "flow");
}

function putHead(writer: Writer, flow: FlowDescription, version: Version): void {
  const { statistics } = flow;
  writer.u8(flow.table, "flow.table");
  writer.at += 1;
  putTime(writer, statistics.duration);
  putPriority(writer, flow);
  writer.u16(flow.flags ?? 0, "flow.flags");
  writer.u16(version === 4 ? 0 : (flow.importance ?? 0), "flow.importance");
  writer.at += 2;
  writer.u64(flow.cookie, "flow.cookie");
  writer.u64(statistics.packets ?? 0n, "statistics.packets");
  writer.u64(statistics.bytes ?? 0n, "statistics.bytes");
}

function putPriority(writer: Writer, flow: Flow): void {
  writer.u16(flow.priority, "flow.priority");
  writer.u16(flow.idleTimeout ?? 0, "flow.idleTimeout");
  writer.u16(flow.hardTimeout ?? 0, "flow.hardTimeout");
}

function putHead15(writer: Writer, flow: FlowDescription): void {
  writer.at += 2;
  writer.u8(flow.table, "flow.table");
  writer.at += 1;
  putPriority(writer, flow);
  writer.u16(flow.flags ?? 0, "flow.flags");
  writer.u16(flow.importance ?? 0, "flow.importance");
  writer.u64(flow.cookie, "flow.cookie");
}

export function readFlowDescription(reader: Reader, version: Version): FlowDescription {
  const body = entryBody(reader, "flow", 32);
  if (version === 6) body.skip(2);
  const flow: FlowDescription = { table: body.u8(), priority: 0, match: {}, instructions: [], cookie: 0n, statistics: {} };
  body.skip(1);
  if (version !== 6) flow.statistics.duration = readTime(body);
  readPriority(body, flow);
  setNonZero(flow, "flags", body.u16());
  const importance = body.u16();
  if (version !== 4) setNonZero(flow, "importance", importance);
  if (version !== 6) body.skip(2);
  flow.cookie = body.u64();
  if (version !== 6) [flow.statistics.packets, flow.statistics.bytes] = [body.u64(), body.u64()];
  flow.match = readMatch(body);
  if (version === 6) flow.statistics = readOxs(body);
  flow.instructions = readInstructions(body, version);
  return flow;
}

function readPriority(reader: Reader, flow: Flow): void {
  flow.priority = reader.u16();
  setNonZero(flow, "idleTimeout", reader.u16());
  setNonZero(flow, "hardTimeout", reader.u16());
}

/** Aggregate replies up to OpenFlow 1.4. */
export function putAggregate(writer: Writer, statistics: FlowStatistics): void {
  writer.need(24);
  writer.u64(statistics.packets ?? 0n, "statistics.packets");
  writer.u64(statistics.bytes ?? 0n, "statistics.bytes");
  writer.u32(statistics.flows ?? 0, "statistics.flows");
  writer.at += 4;
}

export function readAggregate(reader: Reader): FlowStatistics {
  const statistics: FlowStatistics = { packets: reader.u64(), bytes: reader.u64(), flows: reader.u32() };
  reader.skip(4);
  return statistics;
}

const COMMANDS = ["add", "modify", "delete"] as const;

export function putMonitor(writer: Writer, monitor: FlowMonitorRequest, version: Version): void {
  const start = writer.at;
  writer.need(24);
  writer.u32(monitor.monitor, "monitor.monitor");
  if (version === 4) return putMonitor13(writer, monitor, start);
  writer.u32(monitor.outPort ?? ANY, "monitor.outPort");
  writer.u32(monitor.outGroup ?? ANY, "monitor.outGroup");
  writer.u16(monitor.flags, "monitor.flags");
  writer.u8(monitor.table, "monitor.table");
  writer.u8(COMMANDS.indexOf(monitor.command ?? "add"), "monitor.command");
  putMatch(writer, monitor.match, version);
}

/** ONF's form has no group and no command, and gives the match's length twice. */
function putMonitor13(writer: Writer, monitor: FlowMonitorRequest, start: number): void {
  if ((monitor.command ?? "add") !== "add" || monitor.outGroup !== undefined) throw new EncodeError("monitor", "OpenFlow 1.3 knows neither command nor outGroup here; use flow-monitor-cancel");
  writer.u16(monitor.flags, "monitor.flags");
  writer.at += 2;
  writer.u32(monitor.outPort ?? ANY, "monitor.outPort");
  writer.u8(monitor.table, "monitor.table");
  writer.at += 3;
  putMatch(writer, monitor.match, 4);
  writer.view.setUint16(start + 6, writer.view.getUint16(start + 18));
}

export function readMonitor(reader: Reader, version: Version): FlowMonitorRequest {
  const monitor: FlowMonitorRequest = { monitor: reader.u32(), flags: 0, table: 0, match: {} };
  if (version === 4) readMonitor13(reader, monitor);
  else {
    setPorts(reader, monitor);
    monitor.flags = reader.u16();
    monitor.table = reader.u8();
    const command = COMMANDS[reader.u8()] ?? reader.fail("unknown command", reader.at - 1);
    if (command !== "add") monitor.command = command;
  }
  monitor.match = readMatch(reader);
  return monitor;
}

function readMonitor13(reader: Reader, monitor: FlowMonitorRequest): void {
  monitor.flags = reader.u16();
  reader.skip(2);
  const outPort = reader.u32();
  if (outPort !== ANY) monitor.outPort = outPort;
  monitor.table = reader.u8();
  reader.skip(3);
}

const EVENTS = ["initial", "added", "removed", "modified", "abbreviated", "paused", "resumed"] as const;
/** ONF's extension for 1.3 has no "initial" and no pauses among the updates. */
const EVENTS_13 = ["added", "removed", "modified", "abbreviated"] as const;

export function putUpdate(writer: Writer, update: FlowUpdate, version: Version): void {
  const start = writer.at;
  const event = (version === 4 ? EVENTS_13 : EVENTS).indexOf(update.event as "added");
  if (event < 0) throw new EncodeError("update.event", `${update.event} is not in this version`);
  writer.need(40);
  writer.at += 2;
  writer.u16(event, "update.event");
  if (update.event === "abbreviated") writer.u32(update.xid, "update.xid");
  else if ("match" in update) putFullUpdate(writer, update, version);
  else writer.at += 4;
  writer.length16(start, start, "update");
}

type FullUpdate = Extract<FlowUpdate, { match: unknown }>;

function putFullUpdate(writer: Writer, update: FullUpdate, version: Version): void {
  const start = writer.at;
  if (version === 4) {
    writer.u16(update.reason, "update.reason");
    writer.u16(update.priority, "update.priority");
  } else {
    writer.u8(update.table, "update.table");
    writer.u8(update.reason, "update.reason");
  }
  writer.u16(update.idleTimeout, "update.idleTimeout");
  writer.u16(update.hardTimeout, "update.hardTimeout");
  if (version === 4) {
    writer.at += 2;
    writer.u8(update.table, "update.table");
    writer.at += 1;
  } else {
    writer.u16(update.priority, "update.priority");
    writer.at += 4;
  }
  writer.u64(update.cookie, "update.cookie");
  const match = writer.at;
  putMatch(writer, update.match, version);
  if (version === 4) writer.view.setUint16(start + 8, writer.view.getUint16(match + 2));
  putInstructions(writer, update.instructions, version);
}

export function readUpdate(reader: Reader, version: Version): FlowUpdate {
  const start = reader.at;
  const body = entryBody(reader, "update", 8);
  const number = body.u16();
  const event = (version === 4 ? EVENTS_13 : EVENTS)[number];
  if (event === undefined) reader.fail(`unknown event ${number}`, start + 2);
  if (event === "abbreviated") return { event, xid: body.u32() };
  if (event === "paused" || event === "resumed") return { event };
  return readFullUpdate(body, event, version);
}

function readFullUpdate(body: Reader, event: FullUpdate["event"], version: Version): FlowUpdate {
  const update: FullUpdate = { event, table: 0, reason: 0, idleTimeout: 0, hardTimeout: 0, priority: 0, cookie: 0n, match: {}, instructions: [] };
  if (version === 4) [update.reason, update.priority] = [body.u16(), body.u16()];
  else [update.table, update.reason] = [body.u8(), body.u8()];
  update.idleTimeout = body.u16();
  update.hardTimeout = body.u16();
  if (version === 4) {
    body.skip(2);
    update.table = body.u8();
    body.skip(1);
  } else {
    update.priority = body.u16();
    body.skip(4);
  }
  update.cookie = body.u64();
  update.match = readMatch(body);
  update.instructions = readInstructions(body, version);
  return update;
}
