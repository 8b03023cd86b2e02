// SPDX-License-Identifier: Apache-2.0
import { errorName } from "./error-names.ts";
import type { ErrorMessage, Message } from "./messages.ts";

/** A message as plain object, or as the bytes of a whole one (header included; its xid is replaced). */
export type Outgoing = Message | Uint8Array;

/** The switch refused a message: which one, and why. */
export class OpenflowError extends Error {
  override readonly name = "OpenflowError";
  /** As in the specification: "OFPFMFC_TABLE_FULL". */
  readonly kind: string;

  /** `refused`: the message as it was given to us, when it is still known. `index`: its place within a bundle. */
  constructor(readonly error: ErrorMessage, readonly version: number, readonly xid: number, readonly refused: Outgoing | undefined, readonly index?: number) {
    const kind = errorName(error, version);
    super(`${describe(refused)}${index === undefined ? "" : ` (message ${index} of the bundle)`}: ${kind}`);
    this.kind = kind;
  }

  /** The same error, tied to its message. */
  naming(refused: Outgoing, index?: number): OpenflowError {
    return new OpenflowError(this.error, this.version, this.xid, refused, index);
  }

  /** The table has no room for another flow. */
  get tableFull(): boolean {
    return this.kind === "OFPFMFC_TABLE_FULL";
  }
}

/** The peer is no switch that we can talk to: no common version, a message out of place, or malformed bytes. */
export class HandshakeError extends Error {
  override readonly name = "HandshakeError";
}

function describe(message: Outgoing | undefined): string {
  if (message === undefined) return "message";
  if (message instanceof Uint8Array) return `encoded message of type ${message[1]}`;
  if (message.type !== "flow-mod") return message.type;
  const { table, priority, cookie } = message.flow;
  return `flow-mod ${message.command} table=${table} priority=${priority} cookie=0x${cookie.toString(16)}`;
}
