// SPDX-License-Identifier: Apache-2.0
import { DecodeError } from "./errors.ts";

const HEADER = 8;

/**
 * Cuts a byte stream into whole messages by the length in their header. Holds back less than one message (64 KiB). A length
 * below 8 is a DecodeError, after which the stream has no meaning any more: close it.
 */
export class MessageFramer {
  /** Room for the unfinished message: its header until the length is known, then the whole of it. */
  #partial = new Uint8Array(HEADER);
  #held = 0;
  #broken: DecodeError | undefined;

  /** Bytes held back of an unfinished message. */
  get held(): number {
    return this.#held;
  }

  /** Whole messages, as views into `chunk` where they lie in it in one piece. Throws DecodeError. */
  push(chunk: Uint8Array): Uint8Array[] {
    if (this.#broken) throw this.#broken;
    const messages: Uint8Array[] = [];
    let at = 0;
    while (at < chunk.length) {
      const size = this.#held === 0 && chunk.length - at >= HEADER ? this.#size(chunk, at) : 0;
      if (size > 0 && chunk.length - at >= size) messages.push(chunk.subarray(at, (at += size)));
      else at = this.#hold(chunk, at, messages);
    }
    return messages;
  }

  /** Moves bytes of `chunk` to the unfinished message, up to the end of its header or of itself; returns the place after them. */
  #hold(chunk: Uint8Array, at: number, messages: Uint8Array[]): number {
    const part = chunk.subarray(at, at + this.#partial.length - this.#held);
    this.#partial.set(part, this.#held);
    this.#held += part.length;
    if (this.#held === HEADER && this.#partial.length === HEADER) this.#grow();
    if (this.#held === this.#partial.length) this.#finish(messages);
    return at + part.length;
  }

  #grow(): void {
    const whole = new Uint8Array(this.#size(this.#partial, 0));
    whole.set(this.#partial);
    this.#partial = whole;
  }

  #finish(messages: Uint8Array[]): void {
    messages.push(this.#partial);
    this.#partial = new Uint8Array(HEADER);
    this.#held = 0;
  }

  #size(bytes: Uint8Array, at: number): number {
    const size = bytes[at + 2]! * 256 + bytes[at + 3]!;
    if (size >= HEADER) return size;
    this.#broken = new DecodeError("header", 2, `length ${size}, at least ${HEADER} expected`);
    throw this.#broken;
  }
}
