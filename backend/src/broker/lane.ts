// SPDX-License-Identifier: Apache-2.0
// One connection to an external broker. MQTT.js acknowledges a message when handleMessage says so, and reads the next one only then: a lane handles one at a time.
import { parseTopic, UP, type Up } from "@securebox/contract";
import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import type { UpMessage } from "../ports.ts";
import { within } from "./inbox.ts";

export interface LaneOptions {
  url: string;
  options: IClientOptions;
  /** Subscribed to anew at each connection. */
  filters: readonly string[];
  take(message: UpMessage): Promise<void>;
  /** Connected, and the broker granted all filters. */
  ready(): void;
  trouble(message: string): void;
}

const CLOSE_PATIENCE = 3_000;

export class Lane {
  readonly client: MqttClient;
  #ended = false;

  constructor(private readonly lane: LaneOptions) {
    this.client = mqtt.connect(lane.url, { ...lane.options, resubscribe: false, protocolVersion: 4, clean: true });
    this.client.handleMessage = (packet, done) => {
      const parts = parseTopic(packet.topic);
      const channel = UP.find((name) => name === parts?.channel);
      if (!parts || !channel) return done();
      this.#handle({ network: parts.network, gateway: parts.gateway, channel: channel satisfies Up, payload: Buffer.from(packet.payload), retained: packet.retain }).then(() => done(), () => {});
    };
    this.client.on("connect", () => void this.#subscribe());
    this.client.on("error", (error) => lane.trouble((error as Error).message || String((error as { code?: string }).code)));
    this.client.on("close", () => { if (!this.#ended) lane.trouble("the connection is closed"); });
  }

  /** A message that was not handled is not acknowledged: the connection begins anew, and what gateways retained is read again. */
  async #handle(message: UpMessage): Promise<void> {
    try {
      await this.lane.take(message);
    } catch (error) {
      this.lane.trouble((error as Error).message);
      this.client.stream.destroy();
      throw error;
    }
  }

  async #subscribe(): Promise<void> {
    try {
      if (this.lane.filters.length > 0) {
        const granted = await this.client.subscribeAsync([...this.lane.filters], { qos: 1 });
        const denied = granted.filter(({ qos }) => qos > 2).map(({ topic }) => topic);
        if (denied.length > 0) throw new Error(`the broker does not let us subscribe to ${denied.join(", ")}`);
      }
      this.lane.ready();
    } catch (error) {
      this.lane.trouble((error as Error).message);
      this.client.stream.destroy(); // and tried again with the next connection
    }
  }

  async close(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await within(CLOSE_PATIENCE, "closing", this.client.endAsync(!this.client.connected)).catch(() => this.client.end(true));
  }
}
