// SPDX-License-Identifier: Apache-2.0
// The little of DER (ITU-T X.690) that certificates and their requests need: definite lengths, tags of one byte.
export const TAG = { integer: 0x02, bits: 0x03, oid: 0x06, utf8: 0x0c, utcTime: 0x17, generalizedTime: 0x18, sequence: 0x30, set: 0x31, context0: 0xa0 } as const;

export interface Element {
  tag: number;
  content: Uint8Array;
  /** Tag and length too. */
  whole: Uint8Array;
}

/** The elements one after another in `bytes`. Throws RangeError naming the byte. */
export function readElements(bytes: Uint8Array): Element[] {
  const elements: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { size, header } = readLength(bytes, at);
    const end = at + header + size;
    if (end > bytes.length) throw new RangeError(`DER: the element at byte ${at} ends after the data`);
    elements.push({ tag: bytes[at]!, content: bytes.subarray(at + header, end), whole: bytes.subarray(at, end) });
    at = end;
  }
  return elements;
}

function readLength(bytes: Uint8Array, at: number): { size: number; header: number } {
  const first = bytes[at + 1];
  if (first === undefined || (bytes[at]! & 0x1f) === 0x1f) throw new RangeError(`DER: no element at byte ${at}`);
  if (first < 0x80) return { size: first, header: 2 };
  const count = first & 0x7f;
  if (count < 1 || count > 3 || at + 2 + count > bytes.length) throw new RangeError(`DER: length at byte ${at + 1}`);
  return { size: bytes.subarray(at + 2, at + 2 + count).reduce((size, byte) => size * 256 + byte, 0), header: 2 + count };
}

/** The elements inside, if it has the tag. */
export function inside(element: Element | undefined, tag: number, name: string): Element[] {
  if (element?.tag !== tag) throw new RangeError(`DER: ${name}: expected tag ${tag}, found ${element?.tag ?? "nothing"}`);
  return readElements(element.content);
}

export function writeElement(tag: number, ...parts: Uint8Array[]): Uint8Array {
  const content = concat(parts);
  const size = content.length;
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  if (size > 0xffff) throw new RangeError(`DER: ${size} bytes in one element`);
  return concat([Uint8Array.of(tag, ...length), content]);
}

/** A non-negative INTEGER from big-endian bytes: no leading zeros, but one before a set first bit (X.690 section 8.3). */
export function writeInteger(bytes: Uint8Array): Uint8Array {
  let from = 0;
  while (from < bytes.length - 1 && bytes[from] === 0) from++;
  const digits = bytes.subarray(from);
  return writeElement(TAG.integer, digits[0]! >= 0x80 ? concat([Uint8Array.of(0), digits]) : digits);
}

/** A BIT STRING of whole bytes. */
export function writeBits(bytes: Uint8Array): Uint8Array {
  return writeElement(TAG.bits, Uint8Array.of(0), bytes);
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
