// SPDX-License-Identifier: Apache-2.0
// Does what the machine says: opens, subscribes, pings, closes. Tells the conversation when it may speak.
import { parseTopic, topicOf, type Down, type Up } from "@securebox/contract";
import type { Millis } from "quickjs-ts";
import { LinkMachine, type LinkEffect, type LinkInput, type LinkState } from "./session/machine.ts";
import type { Connect, MqttConnection, MqttOptions } from "./types.ts";

export interface ConnectionParts {
  network: string;
  gateway: string;
  connect: Connect;
  /** Everything but the deadline, as of now: certificates and clock change. */
  options(): Omit<MqttOptions, "timeout">;
  now(): Millis;
  /** From 0 up to 1. */
  random(): number;
  hello(): void;
  ready(): void;
  message(channel: Down, payload: Uint8Array, retained: boolean): void;
  lost(reason: string, welcomed: boolean, retryIn: Millis): void;
  takenOver(): void;
  /** `deadline` may have changed. */
  settled(): void;
}

/** Not `intel`: nothing here uses the lists yet, and a retained list would come with every connection. */
const SUBSCRIBED: readonly Down[] = ["keys", "revocation", "desired", "tell"];

export class LinkConnection {
  readonly #parts: ConnectionParts;
  readonly #machine = new LinkMachine();
  #connection: MqttConnection | undefined;
  #packet = 0;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
  }

  get state(): LinkState { return this.#machine.state; }
  /** Bytes that wait for the socket. */
  get queued(): number { return this.#connection?.queued ?? 0; }
  deadline(): Millis | undefined { return this.#machine.deadline(); }

  input(input: LinkInput): void {
    for (const effect of this.#machine.input(input, this.#parts.now(), this.#parts.random())) this.#do(effect);
    this.#parts.settled();
  }

  /** False: there is no connection to speak on. QoS 1 is watched: a broker that does not acknowledge is left. */
  publish(channel: Up, payload: Uint8Array, options: { qos: 0 | 1; retain: boolean }, done?: () => void): boolean {
    const connection = this.#connection;
    if (!connection || this.state === "connecting") return false;
    const packet = ++this.#packet;
    if (options.qos === 1) this.input({ type: "published", packet });
    connection.publish(topicOf(this.#parts.network, this.#parts.gateway, channel), payload, options, (error) => {
      if (connection !== this.#connection) return;
      if (error !== undefined) return this.input({ type: "refused", reason: `publish to ${channel}: ${error}` });
      done?.(); // before what is due next is found out
      if (options.qos === 1) this.input({ type: "acknowledged", packet });
    });
    return true;
  }

  #do(effect: LinkEffect): void {
    switch (effect.do) {
      case "connect": return this.#open(effect.timeout);
      case "subscribe": return this.#subscribe();
      case "hello": return this.#parts.hello();
      case "ready": return this.#parts.ready();
      case "ping": return this.#connection?.ping();
      case "end": return this.#drop()?.end();
      case "destroy": return this.#drop()?.destroy();
      case "lost":
        this.#drop();
        return this.#parts.lost(effect.reason, effect.welcomed, effect.retryIn);
      case "taken-over": return this.#parts.takenOver();
    }
  }

  #drop(): MqttConnection | undefined {
    const connection = this.#connection;
    this.#connection = undefined;
    return connection;
  }

  #open(timeout: Millis): void {
    // What a dropped connection still says is not heard: each has its own handlers.
    let mine: MqttConnection | undefined;
    const heard = (input: LinkInput): void => { if (mine !== undefined && mine === this.#connection) this.input(input); };
    try {
      mine = this.#connection = this.#parts.connect({ ...this.#parts.options(), timeout }, {
        connected: () => heard({ type: "connected" }),
        received: () => heard({ type: "received" }),
        message: (topic, payload, retained) => { if (mine === this.#connection) this.#message(topic, payload, retained); },
        closed: (reason) => heard({ type: "closed", reason }),
      });
    } catch (error) {
      this.input({ type: "closed", reason: (error as Error).message }); // a certificate or key that TLS cannot read
    }
  }

  #subscribe(): void {
    const connection = this.#connection;
    const { network, gateway } = this.#parts;
    connection?.subscribe(SUBSCRIBED.map((channel) => topicOf(network, gateway, channel)), (error) => {
      if (connection === this.#connection) this.input(error === undefined ? { type: "subscribed" } : { type: "refused", reason: `subscribe: ${error}` });
    });
  }

  #message(topic: string, payload: Uint8Array, retained: boolean): void {
    const parts = parseTopic(topic);
    const channel = SUBSCRIBED.find((each) => each === parts?.channel);
    if (channel && parts?.network === this.#parts.network && parts.gateway === this.#parts.gateway) this.#parts.message(channel, payload, retained);
  }
}
