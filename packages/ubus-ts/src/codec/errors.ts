// SPDX-License-Identifier: Apache-2.0
// Errors by whose fault they are: the peer's (DecodeError, OversizedError when receiving), the caller's (EncodeError, OversizedError when sending).

/** Whatever the codec throws. */
export abstract class CodecError extends Error {}

/** The bytes are not what the format allows. `at`: offset of the byte within what was decoded. */
export class DecodeError extends CodecError {
  override readonly name = "DecodeError";
  constructor(readonly what: string, readonly at: number) {
    super(`${what} at byte ${at}`);
  }
}

/** A message is longer than the daemon takes. `size`: its bytes as far as they were counted. */
export class OversizedError extends CodecError {
  override readonly name = "OversizedError";
  constructor(readonly size: number, readonly limit: number) {
    super(`message of ${size} bytes, at most ${limit} expected`);
  }
}

/** A value cannot be written; `path` names it, e.g. "stations[2].mac". */
export class EncodeError extends CodecError {
  override readonly name = "EncodeError";
  constructor(readonly path: string, readonly expected: string) {
    super(`${path.slice(0, 200) || "value"}: expected ${expected}`);
  }
}
