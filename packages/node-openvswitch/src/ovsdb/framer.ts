// SPDX-License-Identifier: Apache-2.0
// Cuts a byte stream of JSON objects (JSON-RPC 1.0 over a stream, RFC 7047 section 4) into messages. Every byte is looked at once.
import { ProtocolError } from "./errors.ts";
import { decodeJson, type Json } from "./json.ts";

export interface FramerOptions {
  /** Bytes of one message. Default 16 MiB. */
  maxSize?: number;
  /** Nesting of objects and arrays. Default 64. */
  maxDepth?: number;
}

const quote = 0x22, backslash = 0x5c, open = 0x7b, close = 0x7d, openList = 0x5b, closeList = 0x5d;
/** Integers of at least this many digits may be beyond 2^53 = 9,007,199,254,740,992. */
const wideDigits = 16;

export class JsonFramer {
  readonly #maxSize: number;
  readonly #maxDepth: number;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  /** Parts of the unfinished message from earlier chunks. */
  #parts: Uint8Array[] = [];
  #size = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;
  #digits = 0;
  #wide = false;

  constructor(options: FramerOptions = {}) {
    this.#maxSize = options.maxSize ?? 16 << 20;
    this.#maxDepth = options.maxDepth ?? 64;
  }

  /** Bytes held of an unfinished message. */
  get held(): number {
    return this.#size;
  }

  /** Calls `message` for each message that `chunk` completes. Throws ProtocolError; the stream is unusable after it. */
  push(chunk: Uint8Array, message: (value: Json) => void): void {
    let start = 0;
    for (let i = 0; i < chunk.length; i++) {
      if (this.#depth === 0) {
        if (!this.#begins(chunk[i]!, i)) continue;
        start = i;
      } else if (this.#ends(chunk[i]!, i)) {
        message(this.#finish(chunk.subarray(start, i + 1)));
      }
    }
    if (this.#depth > 0) this.#hold(chunk.subarray(start));
  }

  #begins(byte: number, at: number): boolean {
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) return false;
    if (byte !== open) throw new ProtocolError(`stream: expected '{', got byte 0x${byte.toString(16).padStart(2, "0")}`, at);
    this.#depth = 1;
    return true;
  }

  #ends(byte: number, at: number): boolean {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false;
      else if (byte === backslash) this.#escaped = true;
      else if (byte === quote) this.#inString = false;
      return false;
    }
    if (byte >= 0x30 && byte <= 0x39) {
      if (++this.#digits === wideDigits) this.#wide = true;
      return false;
    }
    this.#digits = 0;
    if (byte === quote) this.#inString = true;
    else if (byte === open || byte === openList) {
      if (++this.#depth > this.#maxDepth) throw new ProtocolError(`message: nested deeper than ${this.#maxDepth}`, this.#size + at);
    } else if (byte === close || byte === closeList) return --this.#depth === 0;
    return false;
  }

  #hold(part: Uint8Array): void {
    this.#size += part.length;
    if (this.#size > this.#maxSize) throw new ProtocolError(`message: longer than ${this.#maxSize} bytes`, this.#maxSize);
    this.#parts.push(part);
  }

  #finish(last: Uint8Array): Json {
    let bytes = last;
    if (this.#parts.length > 0) {
      this.#hold(last);
      bytes = concatenate(this.#parts, this.#size);
    } else if (last.length > this.#maxSize) throw new ProtocolError(`message: longer than ${this.#maxSize} bytes`, this.#maxSize);
    const wide = this.#wide;
    this.#parts = [];
    this.#size = this.#digits = 0;
    this.#wide = false;
    return decodeJson(this.#text(bytes), wide, this.#maxDepth);
  }

  #text(bytes: Uint8Array): string {
    try {
      return this.#decoder.decode(bytes);
    } catch {
      throw new ProtocolError("message: not UTF-8");
    }
  }
}

function concatenate(parts: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
