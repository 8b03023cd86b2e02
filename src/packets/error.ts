// SPDX-License-Identifier: Apache-2.0

/** The peer's fault: bytes that are no valid `layer`. `offset` counts from the first byte of that layer. */
export class DecodeError extends Error {
  override readonly name = "DecodeError";
  constructor(readonly layer: string, readonly offset: number, readonly problem: string) {
    super(`${layer}: byte ${offset}: ${problem}`);
  }
}

/** The caller's fault: a value that has no place on the wire. */
export class EncodeError extends Error {
  override readonly name = "EncodeError";
  constructor(readonly layer: string, readonly field: string, readonly problem: string) {
    super(`${layer}: ${field}: ${problem}`);
  }
}
