// SPDX-License-Identifier: Apache-2.0
// DNS over TCP (RFC 1035 §4.2.2, RFC 7766): messages out of the segments that the switch holds. A stream is read from its SYN on only:
// whoever could make us begin in the middle could pass text inside a record off as an answer.
import type { Millis } from "quickjs-ts";
import { TcpFlag, type Tcp } from "../../packets/index.ts";

export interface StreamLimits {
  /** Bytes of one unfinished message: no message is longer. */
  bytes: number;
  /** Connections of one device, and of all; the one idle longest goes. */
  perDevice: number;
  total: number;
  idle: Millis;
}

export const DEFAULT_STREAM_LIMITS: StreamLimits = { bytes: 65_537, perDevice: 16, total: 64, idle: 15_000 };

interface Stream {
  device: number;
  /** Sequence number of the next byte. */
  next: number;
  parts: Uint8Array[];
  size: number;
  seen: Millis;
}

export class DnsStreams {
  readonly #limits: StreamLimits;
  /** By the connection's four ends; the Map's order is that of last use. */
  readonly #streams = new Map<string, Stream>();

  constructor(limits: StreamLimits = DEFAULT_STREAM_LIMITS) {
    this.#limits = limits;
  }

  get size(): number { return this.#streams.size; }

  /**
   * A segment from a resolver to `device` on the connection `key`. Returns the whole messages that end in it, each to be decoded. A gap ends
   * the reading (the segment was lost or not held): nothing is learnt from the rest.
   */
  segment(device: number, key: string, tcp: Pick<Tcp, "sequence" | "flags" | "payload">, now: Millis): Uint8Array[] {
    if (tcp.flags & TcpFlag.SYN) this.#open(device, key, tcp.sequence, now);
    const stream = this.#streams.get(key);
    if (!stream) return [];
    this.#streams.delete(key);
    stream.seen = now;
    const ahead = (tcp.sequence + (tcp.flags & TcpFlag.SYN ? 1 : 0) - stream.next) | 0;
    if (ahead > 0 || tcp.flags & TcpFlag.RST) return [];
    const fresh = tcp.payload.subarray(Math.min(-ahead, tcp.payload.length));
    stream.next = (stream.next + fresh.length) >>> 0;
    const messages = this.#append(stream, fresh);
    if (stream.size <= this.#limits.bytes && !(tcp.flags & TcpFlag.FIN)) this.#streams.set(key, stream);
    return messages;
  }

  expire(now: Millis): void {
    for (const [key, { seen }] of this.#streams) if (now - seen >= this.#limits.idle) this.#streams.delete(key);
  }

  forgetDevice(device: number): void {
    for (const [key, stream] of this.#streams) if (stream.device === device) this.#streams.delete(key);
  }

  #open(device: number, key: string, sequence: number, now: Millis): void {
    const before = this.#streams.get(key);
    if (before?.next === (sequence + 1) >>> 0) return;
    this.#streams.delete(key);
    const own = [...this.#streams].filter(([, stream]) => stream.device === device);
    if (own.length >= this.#limits.perDevice) this.#streams.delete(own[0]![0]);
    else if (this.#streams.size >= this.#limits.total) this.#streams.delete(this.#streams.keys().next().value!);
    this.#streams.set(key, { device, next: (sequence + 1) >>> 0, parts: [], size: 0, seen: now });
  }

  #append(stream: Stream, bytes: Uint8Array): Uint8Array[] {
    if (bytes.length === 0) return [];
    stream.parts.push(bytes.slice());
    stream.size += bytes.length;
    if (stream.size < 2 || stream.size < lengthOf(stream.parts) + 2) return [];
    let joined = concat(stream.parts, stream.size);
    const messages: Uint8Array[] = [];
    for (let end; joined.length >= 2 && joined.length >= (end = lengthOf([joined]) + 2); joined = joined.subarray(end)) messages.push(joined.subarray(2, end));
    stream.parts = joined.length > 0 ? [joined.slice()] : [];
    stream.size = joined.length;
    return messages;
  }
}

/** The two bytes before a message, which may lie in two parts. */
function lengthOf(parts: readonly Uint8Array[]): number {
  const first = parts[0]!;
  return first.length > 1 ? (first[0]! << 8) | first[1]! : (first[0]! << 8) | parts[1]![0]!;
}

function concat(parts: readonly Uint8Array[], size: number): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const joined = new Uint8Array(size);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}
