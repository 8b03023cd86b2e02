// SPDX-License-Identifier: Apache-2.0
// Cuts the bytes of a connection into messages. Holds at most one message; what arrives whole is not copied.
import { bodySize, HEADER, MAX_MESSAGE } from "./message.ts";

/** What must be there to know how long a message is. */
const START = HEADER + 4;

export class MessageFramer {
  /** The unfinished message: what of it has come, in room that grows with it. */
  #room = new Uint8Array(START);
  #held = 0;

  /** Bytes of an unfinished message. */
  get held(): number {
    return this.#held;
  }

  /** Calls `message` with each message that `chunk` completes; the bytes may be a part of `chunk`. Throws DecodeError or OversizedError, after which the stream is of no use. */
  push(chunk: Uint8Array, message: (bytes: Uint8Array) => void): void {
    let at = this.#held > 0 ? this.#fill(chunk, message) : 0;
    while (chunk.length - at >= START) {
      const size = HEADER + bodySize(chunk, at);
      if (size > chunk.length - at) break;
      message(chunk.subarray(at, at + size));
      at += size;
    }
    if (at < chunk.length) this.#hold(chunk.subarray(at));
  }

  /** Goes on with the held message; returns how much of `chunk` belonged to it. */
  #fill(chunk: Uint8Array, message: (bytes: Uint8Array) => void): number {
    let at = 0;
    if (this.#held < START) at += this.#take(chunk, START);
    if (this.#held < START) return at;
    const size = HEADER + bodySize(this.#room, 0);
    at += this.#take(chunk.subarray(at), size);
    if (this.#held < size) return at;
    const whole = this.#room.subarray(0, size);
    this.#room = new Uint8Array(START);
    this.#held = 0;
    message(whole);
    return at;
  }

  #hold(part: Uint8Array): void {
    this.#reserve(part.length);
    this.#room.set(part);
    this.#held = part.length;
  }

  #take(from: Uint8Array, size: number): number {
    const part = from.subarray(0, size - this.#held);
    this.#reserve(Math.min(size, Math.max(this.#held + part.length, 2 * this.#room.length)));
    this.#room.set(part, this.#held);
    this.#held += part.length;
    return part.length;
  }

  /** Doubles at most, so that a length that was only announced costs no memory. */
  #reserve(size: number): void {
    if (size <= this.#room.length) return;
    const room = new Uint8Array(Math.min(size, MAX_MESSAGE));
    room.set(this.#room.subarray(0, this.#held));
    this.#room = room;
  }
}
