// SPDX-License-Identifier: Apache-2.0
// Watches the lengths of MQTT packets as they arrive, so that one that is too large ends the connection before it is collected.

/** MQTT 3.1.1 section 2.2.3: 1 to 4 bytes of 7 bits each after the first byte. */
export class FrameGuard {
  readonly #most: number;
  /** Bytes of the present packet's body still to come. */
  #body = 0;
  /** Bytes of the header seen so far: 0: the next byte begins a packet. */
  #header = 0;
  #length = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Why the connection must end; undefined: go on. */
  check(chunk: Uint8Array): string | undefined {
    for (let at = 0; at < chunk.length;) {
      if (this.#header === 0) {
        const skipped = Math.min(this.#body, chunk.length - at);
        this.#body -= skipped;
        at += skipped;
        if (at === chunk.length) return undefined;
        this.#header = 1;
        this.#length = 0;
        at++;
        continue;
      }
      const byte = chunk[at++]!;
      this.#length += (byte & 127) << (7 * (this.#header - 1));
      if (byte & 128 && this.#header === 4) return "the broker sent a packet with a malformed length";
      if (byte & 128) {
        this.#header++;
        continue;
      }
      if (this.#length > this.#most) return `the broker sent a packet of ${this.#length} bytes; at most ${this.#most} are read`;
      this.#body = this.#length;
      this.#header = 0;
    }
    return undefined;
  }
}
