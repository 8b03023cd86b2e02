// SPDX-License-Identifier: Apache-2.0
import { findField } from "../fields.ts";
import type { Bucket, GroupCommand, GroupMod, GroupType, MeterBand, MeterMod, Selection } from "../messages.ts";
import type { Match } from "../types.ts";
import { onesMask } from "../values.ts";
import { parseActions } from "./actions.ts";
import { integer, type Item, number, scan, TextError } from "./scan.ts";
import { parsePort, parseValue, type PortNames } from "./values.ts";

const TYPES: Readonly<Record<string, GroupType>> = { all: "all", select: "select", indirect: "indirect", ff: "fast-failover", fast_failover: "fast-failover" };
const BUCKETS: Readonly<Record<string, number>> = { first: 0xfffffffd, last: 0xfffffffe, all: 0xffffffff };
const ALL_GROUPS = 0xfffffffc;

/** "group_id=1,type=select,bucket=weight:10,output:1,bucket=output:2" as `ovs-ofctl add-group` (or another command) sends it. */
export function parseGroup(text: string, command: GroupCommand = "add", ports: PortNames = {}): GroupMod {
  const [head = "", ...buckets] = text.split(/(?:^|[,\s]+)buckets?=/);
  const message: GroupMod = { type: "group-mod", command, groupType: "all", group: ALL_GROUPS, buckets: [] };
  for (const item of scan(head)) addItem(message, item);
  message.buckets = buckets.map((bucket) => parseBucket(bucket, message.groupType, ports));
  return message;
}

function addItem(message: GroupMod, { key, value, text }: Item): void {
  if (key === "group_id") message.group = value === "all" ? ALL_GROUPS : number(value);
  else if (key === "type" && TYPES[value]) message.groupType = TYPES[value]!;
  else if (key === "command_bucket_id") message.commandBucket = BUCKETS[value] ?? number(value);
  else if (key === "selection_method") selectionOf(message).method = value;
  else if (key === "selection_method_param") selectionOf(message).parameter = integer(value);
  else if (key === "fields") selectionOf(message).fields = parseFields(value);
  else throw new TextError(text, "unknown member of a group");
}

function selectionOf(message: GroupMod): Selection {
  return (message.selection ??= { method: "", parameter: 0n, fields: {} });
}

function parseFields(text: string): Match {
  const items = scan(text).map(({ key, value }) => ({ field: findField(key), key, value }));
  const fields: Match = {};
  for (const { field, key, value } of items.sort((a, b) => (a.field?.rank ?? 0) - (b.field?.rank ?? 0))) {
    if (field === undefined) throw new TextError(key, "unknown field");
    const parsed = value === "" ? onesMask(field) : parseValue(field, value);
    fields[field.name] = typeof parsed === "object" && "mask" in parsed ? parsed.value : parsed;
  }
  return fields;
}

function parseBucket(text: string, type: GroupType, ports: PortNames): Bucket {
  const bucket: Bucket = { actions: [], ...(type === "select" && { weight: 1 }) };
  const actions: string[] = [];
  for (const { key, value, text: item } of scan(text)) {
    if (key === "weight") bucket.weight = number(value, 16);
    else if (key === "bucket_id") bucket.id = number(value);
    else if (key === "watch_port") bucket.watchPort = parsePort(value, ports);
    else if (key === "watch_group") bucket.watchGroup = number(value);
    else actions.push(key === "actions" ? value : item);
  }
  bucket.actions = parseActions(actions.join(","), { ports });
  return bucket;
}

const METER_FLAGS: Readonly<Record<string, number>> = { kbps: 1, pktps: 2, burst: 4, stats: 8 };
const METERS: Readonly<Record<string, number>> = { all: 0xffffffff, controller: 0xfffffffe, slowpath: 0xfffffffd };

/** "meter=3,kbps,burst,stats,bands=type=drop,rate=1000,burst_size=200" as `ovs-ofctl add-meter` (or another command) sends it. */
export function parseMeter(text: string, command: MeterMod["command"] = "add"): MeterMod {
  const [head = "", bands] = text.split(/(?:^|[,\s]+)bands?=/);
  const message: MeterMod = { type: "meter-mod", command, meter: 0, flags: 0, bands: bands === undefined ? [] : parseBands(bands) };
  for (const { key, value, text: item } of scan(head)) {
    if (key === "meter") message.meter = METERS[value] ?? number(value);
    else if (value === "" && METER_FLAGS[key] !== undefined) message.flags |= METER_FLAGS[key]!;
    else throw new TextError(item, "unknown member of a meter");
  }
  if (command !== "delete" && (message.flags & 3) === 0) message.flags |= METER_FLAGS["kbps"]!;
  return message;
}

function parseBands(text: string): MeterBand[] {
  const bands: MeterBand[] = [];
  for (const { key, value, text: item } of scan(text)) {
    const band = bands[bands.length - 1];
    if (key === "type" && value === "drop") bands.push({ type: "drop", rate: 0, burst: 0 });
    else if (key === "type" && value === "dscp_remark") bands.push({ type: "dscp-remark", rate: 0, burst: 0, precedence: 0 });
    else if (key === "rate" && band) band.rate = number(value);
    else if (key === "burst_size" && band) band.burst = number(value);
    else if (key === "prec_level" && band?.type === "dscp-remark") band.precedence = number(value, 8);
    else throw new TextError(item, "unknown member of a band");
  }
  return bands;
}
