// SPDX-License-Identifier: Apache-2.0
// The OpenFlow connection to the bridge: kept up, its abilities probed after every connect, and what the bridge tells on its own.
import { connect, probe, type FlowDescription, type FlowFilter, type FlowRemoved, type Message, type NxPacketIn2, type OpenflowClient, type Outgoing, type SwitchAbilities } from "node-openvswitch/openflow";
import type { Ports } from "node-openvswitch/ovsdb";
import type { Switch } from "../../wifi-isolation/index.ts";
import { OpenflowSwitch } from "../../wifi-isolation/openflow-switch.ts";

export interface LinkHandlers {
  /** Connected, abilities known: synchronise. Also after every reconnect. */
  ready(): void;
  lost(reason: string): void;
  /** A packet that waits (controller with pause). The arrays inside are views: copy what is to stay. */
  held(packet: NxPacketIn2): void;
  flowRemoved(flow: FlowRemoved): void;
  /** A message that was sent without waiting for it was refused. */
  refused(reason: string): void;
}

export class SwitchLink {
  ready = false;
  abilities: SwitchAbilities | undefined;
  /** Why it is not connected. */
  problem: string | undefined;
  /** Attempts since the last connection, failed ones. */
  failures = 0;
  /** Flows and meters of the bridge. */
  readonly device: Switch;
  readonly #client: OpenflowClient;
  readonly #handlers: LinkHandlers;

  /** Connects at once and for good. */
  constructor(ports: Ports, path: string, handlers: LinkHandlers) {
    this.#handlers = handlers;
    this.#client = connect(ports, {
      address: { unix: path },
      packetIns: true,
      reconnect: { minimum: 100, maximum: 1000 },
      handlers: {
        ready: () => this.#connected(),
        lost: (reason) => this.#lost(reason),
        packetIn: (packet) => packet.type === "nx-packet-in2" && handlers.held(packet),
        flowRemoved: (flow) => handlers.flowRemoved(flow),
        error: (error) => handlers.refused(error.message),
      },
    });
    this.device = new OpenflowSwitch(this.#client, () => this.ready && this.abilities?.ctFlush === true);
  }

  /** Agreed OpenFlow version, "1.4"; undefined while not connected. */
  get version(): string | undefined {
    return this.#client.ready ? `1.${this.#client.version - 1}` : undefined;
  }

  close(): void {
    this.#client.close();
  }

  /** Sends without waiting; a refusal comes by `refused`. False: not connected or the queue is full, and nothing was sent. */
  send(message: Outgoing): boolean {
    if (!this.ready) return false;
    try {
      this.#client.send(message);
      return true;
    } catch (error) {
      this.#handlers.refused((error as Error).message);
      return false;
    }
  }

  /** Reads some flows with their counters; nothing is kept. */
  async readFlows(filter: FlowFilter, each: (flow: FlowDescription) => void): Promise<void> {
    await this.#client.stream({ type: "multipart-request", kind: "flow", ...filter }, (part) => {
      if (part.kind === "flow") part.flows.forEach(each);
    });
  }

  /** Sends and waits until the switch has done it. Rejects with the first refusal, the others being done. */
  async apply(messages: Iterable<Message>): Promise<void> {
    await this.#client.apply(messages);
  }

  #connected(): void {
    const { generation } = this.#client;
    probe(this.#client).then((abilities) => {
      if (generation !== this.#client.generation) return;
      this.abilities = abilities;
      this.ready = true;
      [this.problem, this.failures] = [undefined, 0];
      this.#handlers.ready();
    }, (error: Error) => this.#handlers.refused(`probe: ${error.message}`));
  }

  #lost(reason: string): void {
    if (!this.ready) this.failures++;
    this.ready = false;
    this.problem = reason;
    this.#handlers.lost(reason);
  }
}
