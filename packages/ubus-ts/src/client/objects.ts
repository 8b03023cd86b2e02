// SPDX-License-Identifier: Apache-2.0
// Adding and removing our own objects on the present connection: requests that everything else is made of.
import { DecodeError, MessageType } from "../codec/index.ts";
import { StatusError } from "../session/errors.ts";
import type { Bus, ObjectOwner } from "./registration.ts";

/** Adds an object and owns what is said to it. Without path and signature it is anonymous: to receive notifications and events with. */
export async function addObject(bus: Bus, operation: string, owner: ObjectOwner, description: { path?: string; signature?: Uint8Array } = {}): Promise<number> {
  let id: number | undefined;
  await bus.link.ask({ type: MessageType.addObject, peer: 0, ...description }, operation, bus.timeout, ({ objectId }) => {
    if (objectId !== undefined) bus.own((id = objectId), owner); // at once: calls and subscribers may come right behind
  });
  if (id === undefined) throw new DecodeError(`${operation}: the daemon did not tell the object's id`, 0);
  return id;
}

/** Gone already is fine. */
export async function removeObject(bus: Bus, operation: string, id: number): Promise<void> {
  bus.release(id);
  try {
    await bus.link.ask({ type: MessageType.removeObject, peer: 0, objectId: id }, operation, bus.timeout);
  } catch (error) {
    if (!(error instanceof StatusError && error.status === "not-found")) throw error;
  }
}
