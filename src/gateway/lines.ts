// SPDX-License-Identifier: Apache-2.0
// Text lines out of a byte stream, bounded: for the control socket and the station events (JSON lines).

/** Cuts a stream of UTF-8 into lines. `push` returns complete lines; throws RangeError for a line above `maxBytes`. */
export class LineReader {
  readonly #maxBytes: number;
  readonly #decoder = new TextDecoder();
  #rest: Uint8Array = new Uint8Array(0);

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  push(chunk: Uint8Array): string[] {
    const lines: string[] = [];
    let from = 0;
    for (let end = chunk.indexOf(10, from); end >= 0; end = chunk.indexOf(10, from)) {
      lines.push(this.#decoder.decode(this.#take(chunk.subarray(from, end))));
      from = end + 1;
    }
    const rest = this.#take(chunk.subarray(from));
    this.#rest = rest.byteOffset === 0 && rest.byteLength === rest.buffer.byteLength ? rest : rest.slice();
    return lines;
  }

  #take(piece: Uint8Array): Uint8Array {
    const size = this.#rest.length + piece.length;
    if (size > this.#maxBytes) throw new RangeError(`line longer than ${this.#maxBytes} bytes`);
    if (this.#rest.length === 0) return piece;
    const whole = new Uint8Array(size);
    whole.set(this.#rest);
    whole.set(piece, this.#rest.length);
    this.#rest = new Uint8Array(0);
    return whole;
  }
}

const encoder = new TextEncoder();

/** One value as a JSON line. */
export function encodeLine(value: unknown): Uint8Array {
  return encoder.encode(`${JSON.stringify(value)}\n`);
}
