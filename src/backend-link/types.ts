// SPDX-License-Identifier: Apache-2.0
// What the link asks of its surroundings and gives to the gateway. Nothing here knows MQTT.js, sockets or the gateway's parts.
import type { AskQuestion, Desired, Devices, Keys, Refusal, Reported, SignedDocument } from "@securebox/contract";
import type { Millis } from "quickjs-ts";

/** One attempt to be connected to a broker; it never reconnects by itself. Callbacks come from the event loop, `closed` exactly once and last. */
export interface MqttConnection {
  /** `done` with undefined when the broker granted all. */
  subscribe(topics: string[], done: (error?: string) => void): void;
  /** QoS 1: `done` after PUBACK. QoS 0: after it was written. Not called when the connection closes before. */
  publish(topic: string, payload: Uint8Array, options: { qos: 0 | 1; retain: boolean }, done?: (error?: string) => void): void;
  /** PINGREQ, beside those of the keep-alive: whatever the broker answers calls `received`. Does nothing before CONNACK. */
  ping(): void;
  /** Bytes that wait for the socket. */
  readonly queued: number;
  /** DISCONNECT, then close: no last will. */
  end(): void;
  /** Closes at once: the broker sends the last will. */
  destroy(): void;
}

export interface MqttHandlers {
  connected(sessionPresent: boolean): void;
  /** A packet of any kind came (PINGRESP and PUBACK too); called before what it means. */
  received(): void;
  message(topic: string, payload: Uint8Array, retained: boolean): void;
  closed(reason: string): void;
}

export interface MqttOptions {
  host: string;
  port: number;
  /** Absent: plain TCP, for tests. */
  tls?: { ca: string; certificate: string; key: string; validAt: { now: Millis } | { notBefore: Millis } };
  clientId: string;
  /** Seconds between packets at most; a silent broker is noticed after 1.5 times that. */
  keepAlive: number;
  /** Of connecting including CONNACK. */
  timeout: Millis;
  will: { topic: string; payload: Uint8Array };
  /** Larger packets close the connection. Bytes. */
  maxPacket: number;
}

export type Connect = (options: MqttOptions, handlers: MqttHandlers) => MqttConnection;

/** What the gateway is to the link. */
export interface LinkHost {
  /**
   * Puts an accepted document in force; answers when it is, or says why not (the policy does not fit the pipeline, say). Called again with the kept document
   * after a restart. A later call supersedes an earlier one that has not answered yet.
   */
  enforce(desired: Desired, ignored: string[], answer: (result: { ok: true } | { ok: false; message: string }) => void): void;
  /** As they are now, without the fields that the link knows itself (desired, refused, keys, certificate, clock, eventsLost). */
  reported(): Omit<Reported, "desired" | "refused" | "keys" | "certificate" | "clock" | "eventsLost">;
  devices(): Devices;
}

/** Omit over a union, member by member. */
type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
export type Question = Without<AskQuestion, "id">;
export interface Told { verdict: "allow" | "deny"; lifetime: Millis; reason?: string }

/** What the link is to the gateway. */
export interface Link {
  start(): void;
  /** DISCONNECT after "offline" was said; saves what is on its way to flash. */
  stop(): void;
  /** `reported()` or `devices()` may have changed: cheap to call often; equal digests send nothing. */
  changed(what: "reported" | "devices"): void;
  event(level: "debug" | "info" | "warn" | "error", event: string, fields: Record<string, string | number | boolean | undefined>): void;
  /** False: not connected or too many questions open, decide by the fallback now. `answer` is called at most once; the asker keeps the deadline. */
  ask(question: Question, answer: (told: Told) => void): boolean;
  /** The network may have changed (an uplink came up): looks at once whether the backend is still there, or tries now. Cheap, costs one packet. */
  probe(): void;
  readonly status: LinkStatus;
}

export interface LinkStatus {
  /** "none": not enrolled. */
  state: "none" | "connecting" | "connected" | "waiting";
  /** "connected" and welcomed: time known, both sides equal. */
  synchronised: boolean;
  broker?: string;
  network?: string;
  gateway?: string;
  /** Since when, ISO 8601. */
  since?: string;
  /** Why the last connection ended or failed. */
  lastError?: string;
  /** Seconds until the next try. */
  retryIn?: number;
  desired?: { sequence: number; version: number; digest: string };
  refused?: Refusal;
  certificateExpires?: string;
  outbox: { events: number; lost: number };
  clock: "trusted" | "floor";
  /** Why something could not be written to flash: what is in force goes on, but a restart would forget it. */
  storeError?: string;
  /** The certificate is lost or refused: an operator has to approve this gateway in the console. The key's SHA-256, to compare. */
  enrolment?: { request?: string; keyFingerprint: string; since: string; lastError?: string };
}

/** What a gateway knows of its backend, on flash: written at enrolment and renewal. */
export interface Identity {
  network: string;
  gateway: string;
  broker: { host: string; port: number };
  /** https://HOST:PORT */
  api: string;
  ca: string;
  certificate: string;
  privateKey: string;
}

/** Small files that survive a restart, in the gateway's state directory under backend/. */
export interface LinkStore {
  identity(): Identity | undefined;
  saveIdentity(identity: Identity): void;
  /** The document in force, the trusted keys with their epoch (absent: 0), the revoked ones, highest sequences of this epoch. */
  documents(): { desired?: SignedDocument<"desired">; /** The one before, while `desired` is not known to be in force. */ previous?: SignedDocument<"desired">; keys?: SignedDocument<"keys">; revoked: string[]; initialKeys: Keys; epoch?: number; sequences: Record<string, number> };
  saveDocuments(documents: ReturnType<LinkStore["documents"]>): void;
  /** The latest time that was proven. */
  floor(): Millis;
  saveFloor(floor: Millis): void;
  outbox(): unknown;
  saveOutbox(outbox: unknown): void;
}
