// SPDX-License-Identifier: Apache-2.0

/** The peer's bytes break the protocol. `what` names message and part ("flow-mod: action ct"), `offset` the byte in the whole message. */
export class DecodeError extends Error {
  override readonly name = "DecodeError";
  constructor(readonly what: string, readonly offset: number, readonly detail: string) {
    super(`${what} at byte ${offset}: ${detail}`);
  }
}

/** The caller's value has no wire form. `field` names it ("ip_src", "output.port"). */
export class EncodeError extends Error {
  override readonly name = "EncodeError";
  constructor(readonly field: string, readonly detail: string) {
    super(`${field}: ${detail}`);
  }
}
