// SPDX-License-Identifier: Apache-2.0
import { DecodeError } from "./errors.ts";

const HEADER = 8;
const MAX_MESSAGE = 0xffff;
const NOTHING = new Uint8Array(0);

/**
 * Cuts a byte stream into whole messages by the length in their header. Holds back less than one message (64 KiB). A length
 * below 8 is a DecodeError, after which the stream has no meaning any more: close it.
 */
export class MessageFramer {
  #held: Uint8Array = NOTHING;
  #broken: DecodeError | undefined;

  /** Bytes held back of an unfinished message. */
  get held(): number {
    return this.#held.length;
  }

  /** Whole messages, as views into `chunk` where they lie in it in one piece. */
  push(chunk: Uint8Array): Uint8Array[] {
    if (this.#broken) throw this.#broken;
    const messages: Uint8Array[] = [];
    let at = this.#held.length === 0 ? 0 : this.#complete(chunk, messages);
    while (chunk.length - at >= HEADER) {
      const size = this.#size(chunk, at);
      if (chunk.length - at < size) break;
      messages.push(chunk.subarray(at, at + size));
      at += size;
    }
    if (at < chunk.length) this.#held = join(this.#held, chunk.subarray(at));
    return messages;
  }

  /** Finishes the message held back; returns how many bytes of `chunk` it took. */
  #complete(chunk: Uint8Array, messages: Uint8Array[]): number {
    const missing = HEADER - this.#held.length;
    const head = missing > 0 ? join(this.#held, chunk.subarray(0, missing)) : this.#held;
    if (head.length < HEADER) {
      this.#held = head;
      return chunk.length;
    }
    const size = this.#size(head, 0);
    const take = size - this.#held.length;
    const whole = join(this.#held, chunk.subarray(0, take));
    this.#held = whole.length === size ? NOTHING : whole;
    if (whole.length === size) messages.push(whole);
    return Math.min(take, chunk.length);
  }

  #size(bytes: Uint8Array, at: number): number {
    const size = bytes[at + 2]! * 256 + bytes[at + 3]!;
    if (size >= HEADER && size <= MAX_MESSAGE) return size;
    this.#broken = new DecodeError("header", 2, `length ${size}, at least ${HEADER} expected`);
    throw this.#broken;
  }
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}
