// SPDX-License-Identifier: Apache-2.0
// Connections to a broker by MQTT.js (npm mqtt), MQTT 3.1.1, one attempt each: reconnecting, resubscribing and queueing are the link's business.
import * as mqtt from "mqtt/lib/client";
import type { IClientOptions, MqttClient } from "mqtt";
import type { Platform } from "quickjs-ts";
import type { Connect, MqttConnection, MqttHandlers, MqttOptions } from "../types.ts";
import { MqttStream } from "./stream.ts";

/** The client is CommonJS: bundled and unbundled, its default export lies at different depths. */
type Constructor = new (builder: (client: unknown) => unknown, options: IClientOptions) => MqttClient;
const found = mqtt as unknown as { default: Constructor | { default: Constructor } };
const Client = "default" in found.default ? found.default.default : found.default;

/** A clean end that the broker does not answer is cut off after this long. Milliseconds. */
const END_PATIENCE = 2000;

export function connectMqtt(platform: Pick<Platform, "net" | "tls" | "timers">): Connect {
  return (options, handlers) => new Connection(platform, options, handlers);
}

class Connection implements MqttConnection {
  readonly #platform: Pick<Platform, "timers">;
  readonly #stream: MqttStream;
  readonly #client: MqttClient;
  #reason: string | undefined;
  #closed = false;

  constructor(platform: Pick<Platform, "net" | "tls" | "timers">, options: MqttOptions, handlers: MqttHandlers) {
    this.#platform = platform;
    this.#stream = open(platform, options);
    this.#client = new Client(() => this.#stream, clientOptions(options));
    this.#client.on("connect", ({ sessionPresent }) => handlers.connected(sessionPresent));
    this.#client.on("packetreceive", () => handlers.received());
    this.#client.on("message", (topic, payload, packet) => handlers.message(topic, payload, packet.retain));
    this.#client.on("error", (error) => this.#fail(error.message));
    this.#client.on("close", () => {
      if (this.#closed) return;
      this.#closed = true;
      handlers.closed(this.#reason ?? this.#stream.reason ?? "the broker closed the connection");
      this.#client.end(true);
    });
  }

  get queued(): number { return this.#stream.queued; }

  subscribe(topics: string[], done: (error?: string) => void): void {
    this.#client.subscribe(topics, { qos: 1 }, (error, granted) => {
      if (this.#closed) return;
      const refused = granted?.filter(({ qos }) => qos > 2).map(({ topic }) => topic) ?? [];
      done(error ? `the broker refused the subscription: ${error.message}` : refused.length > 0 ? `the broker refused the subscription of ${refused.join(", ")}` : undefined);
    });
  }

  publish(topic: string, payload: Uint8Array, { qos, retain }: { qos: 0 | 1; retain: boolean }, done?: (error?: string) => void): void {
    // MQTT.js takes a Buffer, or what a Buffer is.
    this.#client.publish(topic, payload as never, { qos, retain }, (error) => {
      if (!this.#closed) done?.(error?.message);
    });
  }

  ping(): void {
    if (this.#client.connected) this.#client.sendPing();
  }

  end(): void {
    this.#client.end(false);
    this.#platform.timers.after(END_PATIENCE, () => !this.#closed && this.destroy());
  }

  destroy(): void {
    this.#stream.destroy();
  }

  #fail(reason: string): void {
    this.#reason ??= reason;
    if (!this.#closed) this.#stream.destroy();
  }
}

function open(platform: Pick<Platform, "net" | "tls">, { host, port, tls, timeout, maxPacket }: MqttOptions): MqttStream {
  return new MqttStream((handlers) => tls ? platform.tls.connect({ host, port }, handlers, { ...tls, timeout }) : platform.net.connect({ host, port }, handlers, { timeout }), maxPacket);
}

function clientOptions({ clientId, keepAlive, timeout, will }: MqttOptions): IClientOptions {
  return {
    clientId, keepalive: keepAlive, connectTimeout: timeout, protocolVersion: 4, protocolId: "MQTT", clean: true, reconnectPeriod: 0, resubscribe: false,
    queueQoSZero: false, reschedulePings: true, timerVariant: "native",
    writeCache: false, // 65,536 numbers encoded in advance: 15 MB on an access point
    will: { topic: will.topic, payload: will.payload as never, qos: 1, retain: true },
  };
}
