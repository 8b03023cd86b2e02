// SPDX-License-Identifier: Apache-2.0
import type { Message, MessageOf } from "../messages.ts";
import type { Reader } from "../reader.ts";
import type { Version } from "../types.ts";
import type { Writer } from "../writer.ts";

/** Where a message stands on the wire: a type of OpenFlow, or an experimenter's subtype. */
export type Wire = number | { experimenter: number; subtype: number };

/** Reads and writes the body of one kind of message: what follows the header (and an experimenter's 8 bytes). */
export interface MessageCodec<T extends Message["type"] = Message["type"]> {
  type: T;
  /** Undefined: this version has no such message. */
  wire(version: Version): Wire | undefined;
  put(writer: Writer, message: MessageOf<T>, version: Version, xid: number): void;
  read(reader: Reader, version: Version): MessageOf<T>;
}

export function codec<T extends Message["type"]>(type: T, wire: Wire | ((version: Version) => Wire | undefined), put: MessageCodec<T>["put"], read: MessageCodec<T>["read"]): MessageCodec<T> {
  return { type, wire: typeof wire === "function" ? wire : () => wire, put, read };
}

export const nicira = (subtype: number): Wire => ({ experimenter: 0x00002320, subtype });
export const onf = (subtype: number): Wire => ({ experimenter: 0x4f4e4600, subtype });
