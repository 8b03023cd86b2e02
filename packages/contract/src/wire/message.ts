// SPDX-License-Identifier: Apache-2.0
// Messages in their envelopes: written, and read from whoever may publish on a topic.
import { ENVELOPE_VERSION, type Envelope, type MessageType } from "../messages.ts";
import { MAX_PAYLOAD } from "../topics.ts";
import { JsonError, readJson } from "./json.ts";
import { messageShapes, messageTypes } from "./message-shapes.ts";
import { describe, ShapeError } from "./shape.ts";

export type MessageRefusal = { code: "too-large" | "malformed" | "version" | "unknown-type" | "unexpected-type"; message: string };
export type MessageResult<T extends MessageType> = { ok: true; envelope: { [K in T]: Envelope<K> }[T]; ignored: string[] } | ({ ok: false } & MessageRefusal);

/** The bytes for the wire. Throws RangeError above MAX_PAYLOAD. */
export function encodeMessage<T extends MessageType>(envelope: Omit<Envelope<T>, "v">): Uint8Array {
  const bytes = new TextEncoder().encode(JSON.stringify({ v: ENVELOPE_VERSION, ...envelope }));
  if (bytes.length > MAX_PAYLOAD) throw new RangeError(`${envelope.type}: ${bytes.length} bytes; at most ${MAX_PAYLOAD} are sent`);
  return bytes;
}

/** `expected`: the types that this topic may carry. Unknown fields are ignored and named. Never throws for what stands in the bytes. */
export function decodeMessage<T extends MessageType>(bytes: Uint8Array, expected: readonly T[]): MessageResult<T> {
  try {
    const { value } = readJson(bytes);
    return readEnvelope(value, expected);
  } catch (error) {
    if (error instanceof JsonError) return { ok: false, code: error.code, message: error.message };
    if (error instanceof ShapeError) return { ok: false, code: "malformed", message: error.message };
    throw error;
  }
}

function readEnvelope<T extends MessageType>(value: unknown, expected: readonly T[]): MessageResult<T> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return { ok: false, code: "malformed", message: `expected an object, found ${describe(value)}` };
  const { v, type } = value as { v?: unknown; type?: unknown };
  if (v !== ENVELOPE_VERSION) return { ok: false, code: Number.isSafeInteger(v) ? "version" : "malformed", message: `v: expected ${ENVELOPE_VERSION}, found ${describe(v)}` };
  if (typeof type !== "string") return { ok: false, code: "malformed", message: `type: expected a text, found ${describe(type)}` };
  if (!messageTypes.includes(type as MessageType)) return { ok: false, code: "unknown-type", message: `type: ${describe(type)} is not known here` };
  if (!expected.includes(type as T)) return { ok: false, code: "unexpected-type", message: `type: expected ${expected.join(" or ")}, found ${describe(type)}` };
  const ignored: string[] = [];
  messageShapes[type as MessageType].check(value, "", ignored);
  return { ok: true, envelope: value as { [K in T]: Envelope<K> }[T], ignored };
}
