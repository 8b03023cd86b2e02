// SPDX-License-Identifier: Apache-2.0
// Bundles: OpenFlow 1.4 §7.3.9; ONF EXT-230 carries the same for 1.3.
import { decodeWithin, putMessage } from "../codec.ts";
import { EncodeError } from "../errors.ts";
import type { BundleAction, BundleAdd, BundleControl, RequestForward } from "../messages.ts";
import { putRawProperty } from "../properties.ts";
import type { Reader } from "../reader.ts";
import type { Version } from "../types.ts";
import type { Writer } from "../writer.ts";
import { codec, type MessageCodec, onf } from "./codec.ts";
import { readRaw } from "./ports.ts";

const CONTROLS: readonly BundleAction[] = ["open-request", "open-reply", "close-request", "close-reply", "commit-request", "commit-reply", "discard-request", "discard-reply"];

function putControl(writer: Writer, message: BundleControl): void {
  const control = CONTROLS.indexOf(message.control);
  if (control < 0) throw new EncodeError("bundle-control.control", `unknown ${String(message.control)}`);
  writer.u32(message.bundle, "bundle-control.bundle");
  writer.u16(control, "bundle-control.control");
  writer.u16(message.flags, "bundle-control.flags");
  for (const property of message.properties ?? []) putRawProperty(writer, property);
}

function readControl(reader: Reader): BundleControl {
  const bundle = reader.u32();
  const control = CONTROLS[reader.u16()] ?? reader.fail("unknown bundle control", reader.at - 2);
  const message: BundleControl = { type: "bundle-control", bundle, control, flags: reader.u16() };
  if (reader.left > 0) message.properties = readRaw(reader);
  return message;
}

function putAdd(writer: Writer, message: BundleAdd, version: Version, xid: number): void {
  if (message.message.type === "bundle-add") throw new EncodeError("bundle-add.message", "is a bundle-add itself");
  writer.u32(message.bundle, "bundle-add.bundle");
  writer.zero(2);
  writer.u16(message.flags, "bundle-add.flags");
  const start = writer.at;
  putMessage(writer, message.message, version, xid);
  if (message.properties === undefined) return;
  writer.pad8(start);
  for (const property of message.properties) putRawProperty(writer, property);
}

function readAdd(reader: Reader): BundleAdd {
  const bundle = reader.u32();
  reader.skip(2);
  const flags = reader.u16();
  const start = reader.at;
  const message = decodeWithin(reader);
  const add: BundleAdd = { type: "bundle-add", bundle, flags, message };
  if (reader.left > 0) {
    reader.pad8(start);
    add.properties = readRaw(reader);
  }
  return add;
}

export const BUNDLES: readonly MessageCodec<never>[] = [
  codec("bundle-control", (version) => (version === 4 ? onf(2300) : 33), putControl, readControl),
  codec("bundle-add", (version) => (version === 4 ? onf(2301) : 34), putAdd, readAdd),
  codec("request-forward", (version) => (version === 4 ? onf(2350) : 32), (writer, message) => writer.raw(message.request), (reader): RequestForward => ({ type: "request-forward", request: reader.rest() })),
] as unknown as MessageCodec<never>[];
