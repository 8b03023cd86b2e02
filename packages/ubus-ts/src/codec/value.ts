// SPDX-License-Identifier: Apache-2.0
/*
 * Values of blobmsg and what they are in JavaScript. The type on the wire is never guessed from a number's size on the way in:
 * what JavaScript has no type for is wrapped, so that whatever was decoded encodes to the same type again.
 */
import { EncodeError } from "./errors.ts";

/** Numbers of the types (libubox, blobmsg.h). INT8 is also the boolean. */
export const BlobmsgType = { unspec: 0, array: 1, table: 2, string: 3, int64: 4, int32: 5, int16: 6, int8: 7, double: 8 } as const;

abstract class Wrapped {
  abstract readonly value: number;
  valueOf(): number {
    return this.value;
  }
  toJSON(): number {
    return this.value;
  }
}

/** INT8 that is neither 0 nor 1; those are false and true. Throws EncodeError unless an integer of -128 to 255; kept as signed. */
export class Int8 extends Wrapped {
  readonly value: number;
  constructor(value: number) {
    super();
    if (!Number.isInteger(value) || value < -0x80 || value > 0xff) throw new EncodeError("Int8", "an integer of -128 to 255");
    this.value = (value << 24) >> 24;
  }
}

/** INT16. Throws EncodeError unless an integer of -32,768 to 65,535; kept as signed. */
export class Int16 extends Wrapped {
  readonly value: number;
  constructor(value: number) {
    super();
    if (!Number.isInteger(value) || value < -0x8000 || value > 0xffff) throw new EncodeError("Int16", "an integer of -32,768 to 65,535");
    this.value = (value << 16) >> 16;
  }
}

/** DOUBLE. A bare number with a fraction is one, too; 2 is an INT32 and `new Double(2)` is not. */
export class Double extends Wrapped {
  constructor(readonly value: number) {
    super();
  }
}

/**
 * | wire | decoded | encoded from |
 * |---|---|---|
 * | UNSPEC | null | null |
 * | ARRAY, TABLE | array, plain object | the same; members that are undefined are left out |
 * | STRING | string; bytes that are no UTF-8 as lone surrogates U+DC80 to U+DCFF | the same; no NUL inside |
 * | INT64 | bigint, signed | bigint of -2^63 to 2^64-1; a safe integer that INT32 cannot hold |
 * | INT32 | number, signed | integer of -2^31 to 2^31-1 |
 * | INT16 | Int16 | Int16 |
 * | INT8 | false, true, else Int8 | boolean, Int8 |
 * | DOUBLE | Double | Double; number with a fraction, -0, NaN and the infinities |
 */
export type Value = null | boolean | number | bigint | string | Int8 | Int16 | Double | Value[] | Table;

/** Names are unique (the last one of the wire counts); their order means nothing in ubus. */
export interface Table {
  [name: string]: Value | undefined;
}

export function isTable(value: Value | undefined): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Double || value instanceof Int16 || value instanceof Int8);
}
