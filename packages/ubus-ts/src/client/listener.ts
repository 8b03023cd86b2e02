// SPDX-License-Identifier: Apache-2.0
import { decodeTable, encodeTable, MessageType, SystemObject, type Table } from "../codec/index.ts";
import { addObject, removeObject } from "./objects.ts";
import { type Bus, Registration } from "./registration.ts";
import type { Invocation } from "../session/invocation.ts";

/** `id`: the event's name. What is thrown is told as trouble. */
export type EventHandler = (id: string, data: Table) => void;

/** Hears events whose id is `pattern`, or begins with what is before its final "*". The daemon does not send us our own. */
export class Listener extends Registration {
  #id = 0;

  constructor(readonly pattern: string, readonly handler: EventHandler, bus: Bus) {
    super(`listen ${pattern}`, bus);
  }

  /** An object for each listener: the daemon forgets a pattern only with its object. */
  protected async make(): Promise<void> {
    const { bus, name, pattern } = this;
    const id = await addObject(bus, name, { invoked: (invocation) => this.#heard(invocation) });
    try {
      const data = encodeTable({ object: id | 0, pattern });
      await bus.link.ask({ type: MessageType.invoke, peer: SystemObject.event, objectId: SystemObject.event, method: "register", data }, name, bus.timeout);
    } catch (error) {
      await removeObject(bus, name, id).catch(() => {}); // the first error is the one to tell
      throw error;
    }
    this.#id = id;
  }

  protected unmake(): Promise<void> {
    return removeObject(this.bus, this.name, this.#id);
  }

  #heard(invocation: Invocation): void {
    invocation.finish(0);
    try {
      this.handler(invocation.method, invocation.data ? decodeTable(invocation.data) : {});
    } catch (error) {
      this.bus.trouble(`event ${invocation.method}`, error);
    }
  }
}
