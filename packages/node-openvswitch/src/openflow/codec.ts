// SPDX-License-Identifier: Apache-2.0
import { DecodeError, EncodeError } from "./errors.ts";
import { putFlowMod, readFlowMod } from "./flow-mod.ts";
import type { Decoded, Message } from "./messages.ts";
import { BASIC } from "./messages/basic.ts";
import { BUNDLES } from "./messages/bundles.ts";
import { codec, type MessageCodec, type Wire } from "./messages/codec.ts";
import { GROUPS } from "./messages/groups.ts";
import { METERS } from "./messages/meters.ts";
import { MULTIPART } from "./messages/multipart.ts";
import { NICIRA_MESSAGES } from "./messages/nicira.ts";
import { PACKETS } from "./messages/packets.ts";
import { PORTS } from "./messages/ports.ts";
import { Reader } from "./reader.ts";
import type { Version } from "./types.ts";
import { Writer } from "./writer.ts";

const HEADER = 8;
const EXPERIMENTER = 4;
const HELLO = 0;
const ERROR = 1;

export interface Header {
  version: Version;
  xid: number;
}

type AnyCodec = MessageCodec<never>;
interface Tables {
  byType: Map<Message["type"], { codec: AnyCodec; wire: Wire }>;
  byNumber: Map<number, AnyCodec>;
  byExperimenter: Map<string, AnyCodec>;
}

const perVersion = new Map<Version, Tables>();

/** Built on first use: the modules of `messages/` and this one know each other. */
function tablesOf(version: Version): Tables {
  let tables = perVersion.get(version);
  if (tables === undefined) {
    tables = { byType: new Map(), byNumber: new Map(), byExperimenter: new Map() };
    for (const entry of [...BASIC, ...PACKETS, ...PORTS, ...GROUPS, ...METERS, ...MULTIPART, ...NICIRA_MESSAGES, ...BUNDLES, FLOW_MOD]) add(tables, entry, version);
    perVersion.set(version, tables);
  }
  return tables;
}

const FLOW_MOD = codec("flow-mod", 14, () => {}, readFlowMod) as unknown as AnyCodec;

function add(tables: Tables, entry: AnyCodec, version: Version): void {
  const wire = entry.wire(version);
  if (wire === undefined) return;
  tables.byType.set(entry.type, { codec: entry, wire });
  if (typeof wire === "number") tables.byNumber.set(wire, entry);
  else tables.byExperimenter.set(experimenterKey(wire.experimenter, wire.subtype), entry);
}

function experimenterKey(experimenter: number, subtype: number): string {
  return `${experimenter}/${subtype}`;
}

/** One message as bytes. Throws EncodeError naming the field that has no wire form. */
export function encode(message: Message, header: Header): Uint8Array {
  const writer = new Writer(256);
  putMessage(writer, message, header.version, header.xid);
  return writer.take();
}

/** Appends a whole message, header included. */
export function putMessage(writer: Writer, message: Message, version: Version, xid: number): void {
  if (version !== 4 && version !== 5 && version !== 6) throw new EncodeError("version", `${String(version)}, expected 4, 5 or 6`);
  if (message.type === "flow-mod") return putFlowMod(writer, message.command, message.flow, message, version, xid);
  const start = writer.at;
  writer.need(64);
  writer.u8(version, "version");
  writer.at += 3;
  writer.u32(xid, "xid");
  const type = putBody(writer, message, version, xid);
  if ((type & 0xff) !== type) throw new EncodeError("messageType", `${type}, expected 0 to 255`);
  writer.bytes[start + 1] = type;
  writer.length16(start + 2, start, message.type);
}

/** Writes what follows the header; returns the header's type. */
function putBody(writer: Writer, message: Message, version: Version, xid: number): number {
  if (message.type === "unknown") {
    writer.raw(message.data);
    return message.messageType;
  }
  if (message.type === "experimenter") {
    putExperimenter(writer, message);
    writer.raw(message.data);
    return EXPERIMENTER;
  }
  const found = tablesOf(version).byType.get(message.type);
  if (found === undefined) throw new EncodeError("type", `${String(message.type)} is not in wire version ${version}`);
  if (typeof found.wire !== "number") putExperimenter(writer, found.wire);
  found.codec.put(writer, message as never, version, xid);
  return typeof found.wire === "number" ? found.wire : EXPERIMENTER;
}

function putExperimenter(writer: Writer, { experimenter, subtype }: { experimenter: number; subtype: number }): void {
  writer.u32(experimenter, "experimenter");
  writer.u32(subtype, "subtype");
  writer.need(64);
}

/**
 * One whole message. Throws DecodeError with the byte's offset. Hello and errors of any version are read; other messages need
 * wire version 4 to 6. What is not known here comes back as "unknown" or "experimenter" with its bytes.
 */
export function decode(bytes: Uint8Array): Decoded {
  const header = Reader.of(bytes, "header");
  const version = header.u8(), type = header.u8(), length = header.u16(), xid = header.u32();
  if (length !== bytes.length) throw new DecodeError("header", 2, `length ${length}, but the message has ${bytes.length} bytes`);
  return { version, xid, message: readBody(header, version, type, false) };
}

/** Decodes a message that stands at the reader's place within another one; only one that holds no message itself. */
export function decodeWithin(outer: Reader): Message {
  const start = outer.at;
  const [version, type, length] = [outer.u8(), outer.u8(), outer.u16()];
  outer.skip(4);
  if (length < HEADER) outer.fail(`inner length ${length}, at least ${HEADER} expected`, start + 2);
  return readBody(outer.sub(length - HEADER, "inner message"), version, type, true);
}

function readBody(reader: Reader, version: number, type: number, inner: boolean): Message {
  if (version < 4 || version > 6) {
    if (type !== HELLO && type !== ERROR) reader.fail(`wire version ${version}, expected 4 to 6`, reader.at - HEADER);
    version = 4;
  }
  const tables = tablesOf(version as Version);
  if (type === EXPERIMENTER) return readExperimenter(reader, tables, version as Version, inner);
  const found = tables.byNumber.get(type);
  if (found === undefined) return { type: "unknown", messageType: type, data: reader.rest() };
  return readWith(found, reader, version as Version, inner);
}

function readExperimenter(reader: Reader, tables: Tables, version: Version, inner: boolean): Message {
  const experimenter = reader.u32();
  const subtype = reader.u32();
  const found = tables.byExperimenter.get(experimenterKey(experimenter, subtype));
  return found ? readWith(found, reader, version, inner) : { type: "experimenter", experimenter, subtype, data: reader.rest() };
}

function readWith(found: AnyCodec, outer: Reader, version: Version, inner: boolean): Message {
  if (inner && found.type === "bundle-add") outer.fail("a bundle-add within a bundle-add");
  const reader = inner ? outer.sub(outer.left, found.type) : new Reader(outer.bytes, outer.view, outer.at, outer.end, found.type);
  const message: Message = found.read(reader, version);
  if (found.type !== "hello") reader.done();
  outer.at = reader.at;
  return message;
}
