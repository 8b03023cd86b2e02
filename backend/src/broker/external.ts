// SPDX-License-Identifier: Apache-2.0
/*
 * Any MQTT 3.1.1 broker with shared subscriptions; ours is written for Mosquitto (mosquitto.ts). Several processes share what gateways say: each message goes to
 * one of them. Lanes are connections of a process: one for publishing, one for questions, the others for what has to be stored. A lane reads nothing while it
 * handles a message, so what is said in answer goes out, and is acknowledged, on the first, which subscribes to nothing.
 *
 * Sessions are clean: a broker goes on giving shares to a persistent session whose process is dead. What is lost with a connection is found again, because
 * each new connection reads what gateways have retained and makes the fleet compare; events are acknowledged by the store, not by the broker.
 *
 * The share's name is a secret: a gateway that knew it could subscribe and take other gateways' messages out of circulation.
 */
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { UP, topicOf, type Up } from "@securebox/contract";
import mqtt, { type IClientOptions } from "mqtt";
import { ConfigError } from "../config.ts";
import type { OwnPki } from "../pki/index.ts";
import type { Broker } from "../ports.ts";
import { Inbox, within, type Handler } from "./inbox.ts";
import { Lane } from "./lane.ts";

export interface ExternalOptions {
  url: string;
  /** Files, PEM. Absent: our own authority; no certificate. */
  ca?: string;
  certificate?: string;
  key?: string;
  pki: Pick<OwnPki, "caPem" | "secretFor">;
  log(level: "info" | "warn" | "error", event: string, fields?: Record<string, unknown>): void;
}

const STORING_LANES = 4;
const MAX_PUBLISHING = 10_000;
const PUBLISH_DEADLINE = 10_000;
const DISCONNECT_DEADLINE = 2_000;
/** How long a start waits for the broker before it goes on without. */
const START_PATIENCE = 5_000;
/** The fleet gives up earlier by itself. */
const HANDLER_DEADLINE = 6 * 60_000;
/** No retained message for this long: there are no more. */
const SWEEP_IDLE = 2_000;
/** Lanes that connect within this time are one event. */
const TOGETHER = 300;
const GATEWAY_PORT = 8883;

/** Resolves when connected, or when that takes long: it goes on trying. Rejects with a ConfigError when a file cannot be read. */
export async function startExternal(options: ExternalOptions): Promise<Broker> {
  const credentials = { ca: options.ca ? await fileOf("broker-ca", options.ca) : options.pki.caPem, cert: await fileOf("broker-cert", options.certificate), key: await fileOf("broker-key", options.key) };
  const broker = new ExternalBroker(options, { ...credentials, keepalive: 60, reconnectPeriod: 1_000 + Math.round(Math.random() * 1_000), connectTimeout: 5_000 });
  await broker.open();
  return broker;
}

class ExternalBroker implements Broker {
  readonly kind = "external";
  readonly address: { host: string; port: number };
  readonly #inbox = new Inbox(HANDLER_DEADLINE);
  readonly #readers: (() => void)[] = [];
  readonly #name = `securebox_${randomBytes(6).toString("hex")}`;
  #publisher!: Lane;
  #listening: Lane[] = [];
  #healing: NodeJS.Timeout | undefined;
  #sweeping = false;
  /** What is retained was read once. */
  #read = false;
  #publishing = 0;
  #sent = 0;
  #trouble = "";
  #closed = false;

  constructor(private readonly external: ExternalOptions, private readonly client: IClientOptions) {
    this.address = { host: new URL(external.url).hostname.replace(/^\[|\]$/g, ""), port: GATEWAY_PORT };
  }

  async open(): Promise<void> {
    this.#trouble = "not connected yet";
    const connected = new Promise<void>((resolve) => { this.#publisher = this.#lane("publish", [], () => { resolve(); this.#connected(); }); });
    await within(START_PATIENCE, "connecting to the broker", connected).catch(() => this.external.log("warn", "broker.waiting", { broker: this.#where }));
  }

  #lane(name: string, filters: readonly string[], ready: () => void): Lane {
    return new Lane({
      url: this.external.url, options: { ...this.client, clientId: `${this.#name}_${name}` }, filters, ready,
      take: async (message) => { if (!message.retained) await this.#inbox.take(message); }, // some brokers give retained ones to every member of a share
      trouble: (message) => {
        if (!this.#closed && message !== this.#trouble) this.external.log("warn", "broker.trouble", { broker: this.#where, lane: name, message: (this.#trouble = message) });
      },
    });
  }

  #shared(...channels: Up[]): string[] {
    return channels.map((channel) => `$share/${this.external.pki.secretFor("shared subscription")}/${topicOf("+", "+", channel)}`);
  }

  /** Of any lane: what was on its way over the connection before may be lost. */
  #connected(): void {
    if (this.#trouble) this.external.log("info", "broker.connected", { broker: this.#where });
    this.#trouble = "";
    this.#heal();
  }

  /**
   * Reads what is retained, then lets the fleet publish what differs. Lanes that connect together cause one; a connection meanwhile, another one after it.
   * Connected anew, the fleet publishes before the reading, too: what was pushed during a broker's restart does not wait until everybody was read.
   */
  #heal(): void {
    clearTimeout(this.#healing);
    this.#healing = setTimeout(() => {
      if (this.#sweeping) return this.#heal();
      if (!this.#inbox.handled || !this.connected) return;
      this.#sweeping = true;
      if (this.#read) this.#ready();
      this.#readRetained().then(
        () => { this.#read = true; this.#ready(); },
        (error: Error) => { this.external.log("warn", "broker.retained", { message: error.message }); this.#heal(); },
      ).finally(() => { this.#sweeping = false; });
    }, this.#sweeping ? SWEEP_IDLE : TOGETHER).unref();
  }

  #ready(): void {
    if (!this.#closed) for (const reader of this.#readers) reader();
  }

  /** On a connection of its own: these subscriptions are not shared, and what comes live over them is for the lanes. */
  async #readRetained(): Promise<void> {
    let idle: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve, reject) => {
      let handling = false; // which takes longer than SWEEP_IDLE on a busy machine, and more may wait behind it
      const wait = (): void => {
        clearTimeout(idle);
        if (!handling) idle = setTimeout(() => void lane.close().then(resolve), SWEEP_IDLE);
      };
      const lane: Lane = new Lane({
        url: this.external.url, options: { ...this.client, clientId: `${this.#name}_retained`, reconnectPeriod: 0 }, filters: (["presence", "reported", "devices"] as const).map((channel) => topicOf("+", "+", channel)),
        take: async (message) => {
          if (!message.retained || this.#closed) return;
          handling = true;
          clearTimeout(idle);
          await this.#inbox.take(message).finally(() => { handling = false; wait(); });
        },
        ready: wait,
        trouble: (message) => {
          clearTimeout(idle);
          void lane.close().then(() => reject(new Error(message)));
        },
      });
    });
  }

  onMessage(handler: Handler): void {
    this.#inbox.onMessage(handler);
    const rest = UP.filter((channel) => channel !== "ask");
    const storing = Array.from({ length: STORING_LANES }, (_, i) => this.#lane(`store${i + 1}`, this.#shared(...rest), () => this.#connected()));
    this.#listening = [this.#lane("ask", this.#shared("ask"), () => this.#connected()), ...storing];
  }

  onReady(handler: () => void): void {
    this.#readers.push(handler);
  }

  async publish(topic: string, payload: Uint8Array, { retain }: { retain: boolean }): Promise<void> {
    // What waited here would come late and in vain: each connection begins with a comparison.
    if (!this.connected) throw new Error("the broker is not connected");
    if (this.#publishing >= MAX_PUBLISHING) throw new Error(`${MAX_PUBLISHING} messages wait to be published already`);
    this.#publishing++;
    const done = this.#publisher.client.publishAsync(topic, Buffer.from(payload), { qos: 1, retain }).finally(() => { this.#publishing--; });
    done.catch(() => {});
    await within(PUBLISH_DEADLINE, `publishing ${topic}`, done);
    this.#sent++;
  }

  /** Who connects under a client's identifier ends its connection (MQTT 3.1.1, section 3.1.4): we do, for a moment. A broker may keep us from that. */
  async disconnect(gateway: string): Promise<void> {
    if (!this.connected) return;
    const client = mqtt.connect(this.external.url, { ...this.client, clientId: gateway, clean: true, protocolVersion: 4, reconnectPeriod: 0 });
    const over = new Promise<void>((resolve, reject) => void client.once("connect", () => resolve()).once("error", reject).once("close", () => reject(new Error("the connection is closed"))));
    await within(DISCONNECT_DEADLINE, "taking over the connection", over).catch((error: Error) => this.external.log("warn", "broker.disconnect", { gateway, message: error.message }));
    client.on("error", () => {}).end(true);
  }

  get connected(): boolean {
    return !this.#closed && this.#publisher.client.connected;
  }

  statistics(): { connections: number; received: number; sent: number; refused: number } {
    return { connections: [this.#publisher, ...this.#listening].filter(({ client }) => client.connected).length, received: this.#inbox.received, sent: this.#sent, refused: 0 };
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#healing);
    await Promise.all([this.#publisher, ...this.#listening].map((lane) => lane.close()));
  }

  /** Without user and password. */
  get #where(): string {
    return new URL(this.external.url).host;
  }
}

async function fileOf(option: string, path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  return readFile(path, "utf8").catch((error: Error) => { throw new ConfigError(`--${option}: ${error.message}`); });
}
