// SPDX-License-Identifier: Apache-2.0
/*
 * Messages (ubus, ubusmsg.h): 8 bytes of header - version 0, type, sequence number, peer, big-endian - then one blob attribute, id 0, whose payload
 * is the message's attributes. Attributes are written in the order of the object's keys and read into keys in the order of the wire.
 */
import { BlobWriter, eachAttribute, MAX_BODY, u16, u32 } from "./blob.ts";
import { textFrom, writeText } from "./blobmsg.ts";
import { DecodeError, EncodeError, OversizedError } from "./errors.ts";

export const HEADER = 8;
/** The longest message: header and body. */
export const MAX_MESSAGE = HEADER + MAX_BODY;

export const MessageType = {
  hello: 0, status: 1, data: 2, ping: 3, lookup: 4, invoke: 5, addObject: 6, removeObject: 7, subscribe: 8, unsubscribe: 9, notify: 10, monitor: 11,
} as const;
export type MessageTypeName = keyof typeof MessageType;

/** The name of a type's number; undefined for one that is not known. */
export function messageTypeName(type: number): MessageTypeName | undefined {
  return (Object.keys(MessageType) as MessageTypeName[])[type];
}

/** System objects. */
export const SystemObject = { event: 1, acl: 2, monitor: 3 } as const;

export interface Header {
  /** A number of MessageType, or one that is not known yet. */
  type: number;
  /** 16 bits, chosen by who asks; repeated in the answers. */
  seq: number;
  /** 32 bits: to the daemon the object or client that is meant, from it the one that speaks; 0: the daemon itself. */
  peer: number;
}

/** What a message may carry. Ids are unsigned. */
export interface Attributes {
  /** See StatusCode. */
  status?: number;
  path?: string;
  objectId?: number;
  method?: string;
  objectType?: number;
  /** Members of a blobmsg table; see decodeTable. */
  signature?: Uint8Array;
  /** Members of a blobmsg table; see decodeTable. */
  data?: Uint8Array;
  target?: number;
  active?: boolean;
  noReply?: boolean;
  /** Object ids. */
  subscribers?: readonly number[];
  user?: string;
  group?: string;
}

export interface Message extends Header, Attributes {}

/** What a monitor sees of one message: `send`: the daemon sent it to `client`, else it came from there. `body`: the message's attributes. */
export interface Monitored {
  client: number;
  peer: number;
  seq: number;
  type: number;
  send: boolean;
  body: Uint8Array;
}

type Kind = "u32" | "text" | "flag" | "bytes" | "ids";
type Attribute = readonly [name: string, kind: Kind];

/** By the attribute's id. */
const known: readonly (Attribute | undefined)[] = [
  undefined, ["status", "u32"], ["path", "text"], ["objectId", "u32"], ["method", "text"], ["objectType", "u32"], ["signature", "bytes"], ["data", "bytes"],
  ["target", "u32"], ["active", "flag"], ["noReply", "flag"], ["subscribers", "ids"], ["user", "text"], ["group", "text"],
];
const monitored: readonly Attribute[] = [["client", "u32"], ["peer", "u32"], ["send", "flag"], ["seq", "u32"], ["type", "u32"], ["body", "bytes"]];
const ids: Record<string, number> = Object.fromEntries(known.flatMap((attribute, id) => (attribute ? [[attribute[0], id]] : [])));

export function decodeHeader(bytes: Uint8Array): Header {
  return { type: bytes[1]!, seq: u16(bytes, 2), peer: u32(bytes, 4) };
}

/** One whole message. Throws DecodeError. */
export function decodeMessage(bytes: Uint8Array): Message {
  if (bytes.length < HEADER + 4) throw new DecodeError(`message: ${bytes.length} bytes, at least ${HEADER + 4} expected`, 0);
  const size = bodySize(bytes, 0);
  if (bytes.length !== HEADER + size) throw new DecodeError(`message: ${bytes.length} bytes, its header says ${HEADER + size}`, HEADER);
  return Object.assign(decodeHeader(bytes), decodeAttributes(bytes, HEADER + 4, known)) as Message;
}

/** A message's attributes alone, as a monitor gets them. Throws DecodeError. */
export function decodeBody(body: Uint8Array): Attributes {
  return decodeAttributes(body, 0, known);
}

/** The body of a MONITOR message. Throws DecodeError, also when something is missing. */
export function decodeMonitored(bytes: Uint8Array): Monitored {
  const seen = decodeAttributes(bytes, HEADER + 4, monitored);
  for (const [name] of monitored) if (seen[name] === undefined) throw new DecodeError(`monitor: without ${name}`, HEADER);
  return seen as unknown as Monitored;
}

/** Bytes of the body of the message that begins at `at`, of which 12 bytes are there. Throws DecodeError or OversizedError. */
export function bodySize(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== 0) throw new DecodeError(`message: version ${bytes[at]}, expected 0`, at);
  const size = u32(bytes, at + HEADER) & 0xffffff;
  if (size < 4) throw new DecodeError(`message: body of ${size} bytes, at least 4 expected`, at + HEADER);
  if (size > MAX_BODY) throw new OversizedError(size, MAX_BODY);
  return size;
}

function decodeAttributes(bytes: Uint8Array, start: number, names: readonly (Attribute | undefined)[]): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  eachAttribute(bytes, start, bytes.length, (id, _extended, from, to) => {
    const attribute = names[id];
    if (attribute) found[attribute[0]] = attributeFrom(bytes, attribute, from, to);
  });
  return found;
}

function attributeFrom(bytes: Uint8Array, [name, kind]: Attribute, from: number, to: number): unknown {
  if (kind === "text") return textFrom(bytes, from, to, name);
  if (kind === "bytes") return bytes.subarray(from, to);
  if (kind === "ids") return idsFrom(bytes, from, to);
  const size = kind === "flag" ? 1 : 4;
  if (to - from !== size) throw new DecodeError(`${name}: ${to - from} bytes, ${size} expected`, from);
  return kind === "flag" ? bytes[from] !== 0 : u32(bytes, from);
}

function idsFrom(bytes: Uint8Array, start: number, end: number): number[] {
  const found: number[] = [];
  eachAttribute(bytes, start, end, (_id, _extended, from, to) => {
    if (to - from !== 4) throw new DecodeError(`subscribers: ${to - from} bytes, 4 expected`, from);
    found.push(u32(bytes, from));
  });
  return found;
}

/** Throws EncodeError (text that cannot be written) or OversizedError. */
export function encodeMessage(message: Message): Uint8Array {
  const writer = new BlobWriter(MAX_MESSAGE, HEADER + 64 + (message.data?.length ?? 0) + (message.signature?.length ?? 0));
  writer.u8(0);
  writer.u8(message.type);
  writer.u16(message.seq);
  writer.u32(message.peer);
  const begun = writer.begin(0);
  for (const name in message) {
    const id = ids[name];
    const value = message[name as keyof Message];
    if (id !== undefined && value !== undefined) writeAttribute(writer, id, name, value);
  }
  writer.end(begun);
  return writer.finish();
}

function writeAttribute(writer: BlobWriter, id: number, name: string, value: NonNullable<Message[keyof Message]>): void {
  const begun = writer.begin(id);
  if (typeof value === "number") writer.u32(value);
  else if (typeof value === "boolean") writer.u8(value ? 1 : 0);
  else if (typeof value === "string") writeText(writer, value, name);
  else if (value instanceof Uint8Array) writer.raw(value);
  else if (Array.isArray(value)) value.forEach((each) => writeId(writer, each));
  else throw new EncodeError(name, "a number, boolean, string, list of ids or bytes");
  writer.end(begun);
}

function writeId(writer: BlobWriter, id: number): void {
  const begun = writer.begin(0);
  writer.u32(id);
  writer.end(begun);
}
