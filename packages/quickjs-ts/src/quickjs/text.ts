// SPDX-License-Identifier: Apache-2.0
/* TextEncoder and TextDecoder (WHATWG Encoding), UTF-8 only. */
import { utf8Decode, utf8Encode, utf8Unfinished } from "securebox:native";

export class TextEncoder {
  readonly encoding = "utf-8";
  encode(text = ""): Uint8Array {
    return utf8Encode(text);
  }
}

const empty = new Uint8Array(0);

function bytesOf(input: ArrayBufferView | ArrayBuffer | undefined): Uint8Array {
  if (input === undefined) return empty;
  if (input instanceof Uint8Array) return input;
  return ArrayBuffer.isView(input) ? new Uint8Array(input.buffer, input.byteOffset, input.byteLength) : new Uint8Array(input);
}

function join(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second;
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

export class TextDecoder {
  readonly encoding = "utf-8";
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  /** Start of a sequence whose rest is still to come. */
  #rest = empty;
  #started = false;

  constructor(label = "utf-8", { fatal = false, ignoreBOM = false } = {}) {
    if (!/^utf-?8$/i.test(label.trim())) throw new RangeError(`TextDecoder: encoding ${label}: expected utf-8`);
    this.fatal = fatal;
    this.ignoreBOM = ignoreBOM;
  }

  decode(input?: ArrayBufferView | ArrayBuffer, { stream = false } = {}): string {
    const bytes = join(this.#rest, bytesOf(input));
    const whole = stream ? bytes.length - utf8Unfinished(bytes) : bytes.length;
    const started = this.#started;
    this.#rest = bytes.slice(whole);
    this.#started = stream && (started || whole > 0);
    if (!stream) this.#rest = empty;
    const text = utf8Decode(bytes.subarray(0, whole), this.fatal);
    return !started && !this.ignoreBOM && text.startsWith("\ufeff") ? text.slice(1) : text;
  }
}
