// SPDX-License-Identifier: Apache-2.0
// Meters: OpenFlow 1.3 §7.3.4.4.
import { EncodeError } from "../errors.ts";
import type { MeterBand, MeterConfig, MeterMod } from "../messages.ts";
import type { Reader } from "../reader.ts";
import type { Writer } from "../writer.ts";
import { codec, type MessageCodec } from "./codec.ts";

const COMMANDS = ["add", "modify", "delete"] as const;
const DROP = 1;
const DSCP_REMARK = 2;

function putMeterMod(writer: Writer, message: MeterMod): void {
  const command = COMMANDS.indexOf(message.command);
  if (command < 0) throw new EncodeError("meter-mod.command", `unknown command ${String(message.command)}`);
  writer.u16(command, "meter-mod.command");
  writer.u16(message.flags, "meter.flags");
  writer.u32(message.meter, "meter.meter");
  for (const band of message.bands) putBand(writer, band);
}

function putBand(writer: Writer, band: MeterBand): void {
  const start = writer.at;
  writer.need(16);
  writer.u16(band.type === "drop" ? DROP : band.type === "dscp-remark" ? DSCP_REMARK : band.bandType, "band.type");
  writer.at += 2;
  writer.u32(band.rate, "band.rate");
  writer.u32(band.burst, "band.burst");
  if (band.type === "unknown") writer.raw(band.data);
  else {
    writer.u8(band.type === "dscp-remark" ? band.precedence : 0, "band.precedence");
    writer.at += 3;
  }
  writer.length16(start + 2, start, "band");
}

function readMeterMod(reader: Reader): MeterMod {
  const command = COMMANDS[reader.u16()] ?? reader.fail("unknown command", reader.at - 2);
  const flags = reader.u16();
  return { type: "meter-mod", command, flags, meter: reader.u32(), bands: readBands(reader) };
}

function readBands(reader: Reader): MeterBand[] {
  const bands: MeterBand[] = [];
  while (reader.left > 0) bands.push(readBand(reader));
  return bands;
}

function readBand(reader: Reader): MeterBand {
  const start = reader.at;
  const type = reader.u16();
  const length = reader.u16();
  const known = type === DROP || type === DSCP_REMARK;
  if (length < 12 || (known && length !== 16)) reader.fail(`band ${type} has length ${length}`, start + 2);
  const body = reader.sub(length - 4, `band ${type}`);
  const rate = body.u32();
  const burst = body.u32();
  if (type === DROP) return { type: "drop", rate, burst };
  if (type === DSCP_REMARK) return { type: "dscp-remark", rate, burst, precedence: body.u8() };
  return { type: "unknown", bandType: type, rate, burst, data: body.rest() };
}

/** One entry of a meter-config reply. */
export function putMeterConfig(writer: Writer, meter: MeterConfig): void {
  const start = writer.at;
  writer.zero(2);
  writer.need(8);
  writer.u16(meter.flags, "meter.flags");
  writer.u32(meter.meter, "meter.meter");
  for (const band of meter.bands) putBand(writer, band);
  writer.length16(start, start, "meter");
}

export function readMeterConfig(reader: Reader): MeterConfig {
  const start = reader.at;
  const length = reader.u16();
  if (length < 8) reader.fail(`meter has length ${length}, at least 8 expected`, start);
  const body = reader.sub(length - 2, "meter");
  const flags = body.u16();
  return { meter: body.u32(), flags, bands: readBands(body) };
}

export const METERS: readonly MessageCodec<never>[] = [codec("meter-mod", 29, putMeterMod, readMeterMod)] as unknown as MessageCodec<never>[];
