// SPDX-License-Identifier: Apache-2.0
import { EncodeError } from "../errors.ts";
import type { Reader } from "../reader.ts";
import { checkPart, partOf, putOffsetBits, readFieldHeader } from "../subfields.ts";
import type { Action, NatRange, Version } from "../types.ts";
import type { Writer } from "../writer.ts";
import { putActions } from "./encode.ts";
import { readActions } from "./decode.ts";
import { beginNicira, end, Nicira } from "./wire.ts";

type Ct = Extract<Action, { type: "ct" }>;
type Nat = Extract<Action, { type: "nat" }>;

const NO_TABLE = 255;

export function putCt(writer: Writer, action: Ct, version: Version, depth: number): void {
  const start = beginNicira(writer, Nicira.CT, 24);
  writer.u16((action.commit ? 1 : 0) | (action.force ? 2 : 0), "ct.flags");
  putZone(writer, action.zone ?? 0);
  writer.u8(action.table ?? NO_TABLE, "ct.table");
  writer.at += 3;
  writer.u16(action.alg ?? 0, "ct.alg");
  if (action.actions !== undefined) putActions(writer, action.actions, version, depth + 1);
  end(writer, start);
}

function putZone(writer: Writer, zone: NonNullable<Ct["zone"]>): void {
  if (typeof zone === "number") {
    writer.at += 4;
    return writer.u16(zone, "ct.zone");
  }
  const part = partOf(zone, "ct.zone");
  if (part.field.nxm.experimenter !== 0) throw new EncodeError("ct.zone", `${part.field.name} has no short header`);
  writer.view.setUint32(writer.at, part.field.nxm.base + part.size);
  writer.at += 4;
  putOffsetBits(writer, part);
}

/** Undefined: the zone comes from a field that we do not know. */
export function readCt(reader: Reader, version: Version, depth: number): Action | undefined {
  const action: Ct = { type: "ct" };
  const flags = reader.u16();
  if (flags & ~3) return undefined;
  if (flags & 1) action.commit = true;
  if (flags & 2) action.force = true;
  const zone = readZone(reader);
  if (zone === undefined) return undefined;
  if (zone !== 0) action.zone = zone;
  const table = reader.u8();
  if (table !== NO_TABLE) action.table = table;
  reader.skip(3);
  const alg = reader.u16();
  if (alg !== 0) action.alg = alg;
  if (reader.left > 0) action.actions = readActions(reader, version, depth + 1);
  return action;
}

function readZone(reader: Reader): Ct["zone"] {
  const start = reader.at;
  reader.need(6);
  if (reader.view.getUint32(start) === 0) {
    reader.skip(4);
    return reader.u16();
  }
  const read = readFieldHeader(reader);
  if (read === undefined) return undefined;
  const packed = reader.u16();
  return checkPart(reader, start, read.field, packed >> 6, (packed & 0x3f) + 1, read.size);
}

const RANGE = [["addressMin", 4, 1], ["addressMax", 4, 2], ["addressMin", 16, 4], ["addressMax", 16, 8]] as const;

export function putNat(writer: Writer, action: Nat): void {
  const start = beginNicira(writer, Nicira.NAT, 16);
  writer.at += 2;
  const flags = (action.source ? 1 : 0) | (action.destination ? 2 : 0) | (action.persistent ? 4 : 0) | (action.hash ? 8 : 0) | (action.random ? 16 : 0);
  writer.u16(flags, "nat.flags");
  const where = writer.at;
  writer.at += 2;
  const present = action.range === undefined ? 0 : putRange(writer, action.range);
  writer.view.setUint16(where, present);
  end(writer, start);
}

/** Returns the bits that say what is there (NX_NAT_RANGE_*). */
function putRange(writer: Writer, range: NatRange): number {
  let present = 0;
  for (const [name, size, bit] of RANGE) {
    const address = range[name];
    if (address === undefined || address.length !== size) continue;
    writer.raw(address);
    present |= bit;
  }
  const given = (range.addressMin ? 1 : 0) + (range.addressMax ? 1 : 0);
  if (given !== [1, 2, 4, 8].filter((bit) => present & bit).length || ((present & 3) !== 0 && (present & 12) !== 0)) throw new EncodeError("nat.range", "addresses must have 4 or 16 bytes, both the same");
  writer.need(16);
  for (const [port, bit] of [[range.portMin, 0x10], [range.portMax, 0x20]] as const) {
    if (port === undefined) continue;
    writer.u16(port, "nat.range.port");
    present |= bit;
  }
  return present;
}

/** Undefined: flags that we do not know. */
export function readNat(reader: Reader): Action | undefined {
  reader.skip(2);
  const flags = reader.u16();
  const present = reader.u16();
  if (flags & ~0x1f || present & ~0x3f) return undefined;
  const action: Nat = { type: "nat" };
  for (const [bit, name] of [[1, "source"], [2, "destination"], [4, "persistent"], [8, "hash"], [16, "random"]] as const) if (flags & bit) action[name] = true;
  if (present !== 0) action.range = readRange(reader, present);
  return action;
}

function readRange(reader: Reader, present: number): NatRange {
  if ((present & 3) !== 0 && (present & 12) !== 0) reader.fail("nat range has IPv4 and IPv6 addresses");
  const range: NatRange = {};
  for (const [name, size, bit] of RANGE) if (present & bit) range[name] = reader.raw(size);
  if (present & 0x10) range.portMin = reader.u16();
  if (present & 0x20) range.portMax = reader.u16();
  return range;
}
