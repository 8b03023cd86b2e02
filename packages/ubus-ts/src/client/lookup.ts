// SPDX-License-Identifier: Apache-2.0
import { DecodeError, decodeSignature, type Message, MessageType, type Signature } from "../codec/index.ts";
import { StatusError } from "../session/errors.ts";
import type { Bus } from "./registration.ts";

/** An object on the bus, as the daemon lists it. */
export interface ObjectInfo {
  path: string;
  id: number;
  /** Shared by objects with the same declaration by one provider. */
  type: number;
  /** The methods that we may call, with their arguments; undefined: its provider declared what cannot be read. */
  signature: Signature | undefined;
}

/** Objects by path, by "prefix*" or all. None: the empty list. */
export async function lookup(bus: Bus, pattern: string | undefined, timeout = bus.timeout): Promise<ObjectInfo[]> {
  const operation = `list ${pattern ?? "*"}`;
  try {
    const { data } = await bus.link.ask({ type: MessageType.lookup, peer: 0, ...(pattern !== undefined && pattern !== "*" && { path: pattern }) }, operation, timeout);
    return data.map(infoOf);
  } catch (error) {
    if (error instanceof StatusError && error.status === "not-found") return [];
    throw error;
  }
}

function infoOf({ path = "", objectId = 0, objectType = 0, signature }: Message): ObjectInfo {
  return { path, id: objectId, type: objectType, signature: signature && readable(signature) };
}

/** The daemon passes on what a provider declared; one bad declaration does not hide the other objects. */
function readable(signature: Uint8Array): Signature | undefined {
  try {
    return decodeSignature(signature);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

/** As the daemon matches: the same, or the beginning up to a final "*". */
export function matches(pattern: string, name: string): boolean {
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
