// SPDX-License-Identifier: Apache-2.0
// Reads only the fixed headers of what a client sends (MQTT 3.1.1 section 2.2), so that a packet too large is refused by its announced length, before any of it is kept.
import { MAX_PAYLOAD } from "@securebox/contract";

const [CONNECT, PUBLISH] = [1, 3];
/** Topic with its length, packet identifier. */
const PUBLISH_HEADER = 2 + 256 + 2;
const MAX_PUBLISH = MAX_PAYLOAD + PUBLISH_HEADER;
/** A gateway subscribes to five topics of at most 160 characters, and its will is short. */
const MAX_OTHER = 16 * 1024;

export class PacketLimit {
  /** Bytes of the packet's rest that are still to come. */
  #rest = 0;
  #type: number | undefined;
  #length = 0;
  #shift = 0;
  #first = true;

  /** undefined: nothing wrong so far. Otherwise what is, and nothing may be read any more. */
  push(chunk: Uint8Array): string | undefined {
    for (let at = 0; at < chunk.length; ) {
      if (this.#rest > 0) {
        const skip = Math.min(this.#rest, chunk.length - at);
        this.#rest -= skip;
        at += skip;
        continue;
      }
      const problem = this.#type === undefined ? this.#begin(chunk[at]!) : this.#measure(chunk[at]!);
      if (problem) return problem;
      at++;
    }
    return undefined;
  }

  #begin(byte: number): string | undefined {
    this.#type = byte >> 4;
    [this.#length, this.#shift] = [0, 0];
    if (this.#first !== (this.#type === CONNECT)) return this.#first ? `the first byte is ${hex(byte)}, no CONNECT` : "a second CONNECT";
    this.#first = false;
    return undefined;
  }

  #measure(byte: number): string | undefined {
    this.#length += (byte & 0x7f) * 2 ** this.#shift;
    this.#shift += 7;
    if (byte & 0x80) return this.#shift === 28 ? "the packet's length has more than four bytes" : undefined;
    const limit = this.#type === PUBLISH ? MAX_PUBLISH : MAX_OTHER;
    if (this.#length > limit) return `a packet of ${this.#length} bytes, expected at most ${limit}`;
    [this.#rest, this.#type] = [this.#length, undefined];
    return undefined;
  }
}

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, "0")}`;
}
