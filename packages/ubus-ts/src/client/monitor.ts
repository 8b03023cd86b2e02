// SPDX-License-Identifier: Apache-2.0
import { encodeTable, MessageType, type Monitored, SystemObject } from "../codec/index.ts";
import { type Bus, Registration } from "./registration.ts";

/** Sees every message of every client, ours included; for root only. What the handler sends is seen, too: a monitor should have a client of its own. */
export class Monitor extends Registration {
  constructor(readonly handler: (message: Monitored) => void, bus: Bus) {
    super("monitor", bus);
  }

  saw(message: Monitored): void {
    if (this.removed) return;
    try {
      this.handler(message);
    } catch (error) {
      this.bus.trouble("monitor", error);
    }
  }

  protected async make(): Promise<void> {
    await this.#tell("add");
  }
  protected async unmake(): Promise<void> {
    await this.#tell("remove");
  }

  #tell(method: string): Promise<unknown> {
    const { bus } = this;
    return bus.link.ask({ type: MessageType.invoke, peer: SystemObject.monitor, objectId: SystemObject.monitor, method, data: encodeTable({}) }, `monitor ${method}`, bus.timeout);
  }
}
