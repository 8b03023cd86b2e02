// SPDX-License-Identifier: Apache-2.0
// Messages between gateway and backend, each in an envelope of our own, so that MQTT 3.1.1 and 5 brokers serve alike.
import type { FlowVerdictWord } from "./verdict.ts";
import type { Instant, PublicKey, Refusal, SignedDocument } from "./documents.ts";

export const ENVELOPE_VERSION = 1;

/** Unknown fields are ignored; an unknown `type` is counted and ignored; a higher `v` is refused. */
export interface Envelope<Type extends MessageType = MessageType> {
  v: typeof ENVELOPE_VERSION;
  type: Type;
  /**
   * Of this message, unique per sender: up to 32 of [A-Za-z0-9_-]. A gateway's is START-NUMBER, with another START for each start of its program and a NUMBER
   * that grows: they may reach the backend in another order than they were said in.
   */
  id: string;
  /** The `id` of the message that this one answers. */
  re?: string;
  /** Where the answer is to go; absent: the sender's usual topic. */
  reply?: string;
  /** Useless from then on, by the backend's clock; who has no trusted clock leaves it out. */
  expires?: Instant;
  body: Messages[Type];
}

export interface Messages {
  // gateway to backend
  presence: Presence;
  hello: Hello;
  reported: Reported;
  devices: Devices;
  events: Events;
  ask: Ask;
  renew: Renew;
  // backend to gateway, on the topic `tell`
  welcome: Welcome;
  ack: Ack;
  answers: Answers;
  certificate: CertificateIssued;
}
export type MessageType = keyof Messages;

/** Retained. "offline" is the last will, and what a gateway says before it goes. */
export interface Presence {
  state: "online" | "offline";
  /** Why, for "offline": "lost" (last will), "stopped", "replaced". */
  reason?: "lost" | "stopped" | "replaced";
}

/** First word of every connection: digests of both sides' states, so that only what differs is sent. */
export interface Hello {
  /** To be repeated in the signed time of the welcome. */
  nonce: string;
  desired?: { sequence: number; digest: string };
  /** Highest sequences known, and the epoch that they are of; absent: 0. */
  epoch?: number;
  keys: number;
  revocation: number;
  /** Identifiers of the keys that it believes: the welcome's time is signed by one of them. */
  believes: string[];
  /** Digests of the bodies of `reported` and `devices` as they are now. */
  reported: string;
  devices: string;
  /** The outbox: its random name, and the number of the first event that is still in it (or would be next). */
  events: { stream: string; first: number };
}

/** Answer to hello. `want`: what the backend's record differs in, to be published now. A `desired` that differs is published beside it. */
export interface Welcome {
  time: SignedDocument<"time">;
  want: ("reported" | "devices")[];
  /** Events up to and including this number of the stream are stored; -1: none. */
  stored: number;
}

/** What is in force at a gateway: small, sent whenever it changes (at most once a second), retained. No volatile figures. */
export interface Reported {
  /** The desired document in force; absent: none yet. */
  desired?: { sequence: number; digest: string; version: number };
  /** The last document refused since the one in force was accepted. */
  refused?: Refusal;
  policy: {
    source: "backend" | "file" | "last-valid" | "none";
    network?: string;
    /** Of the policy in force: SHA-256 of its canonical JSON. */
    digest?: string;
    problems: { field: string; message: string; line?: number }[];
    unenforced: { path: string; reason: string }[];
    /** Unknown fields that were ignored. */
    ignored: string[];
  };
  gateway: { version: string; engine: string; started: Instant };
  switch: { state: "ready" | "syncing" | "down"; software?: string; bridge: string; ports: { name: string; role: string; number?: number }[] };
  healthy: boolean;
  problems: string[];
  /** This gateway's own decisions, which come before all rules. */
  overrides: { id: number; text: string; at: string }[];
  keys: string[];
  /** Of its keys; absent: 0. */
  epoch?: number;
  certificate?: { serial: string; expires: Instant };
  clock: "trusted" | "floor";
  /** Events that were dropped because the outbox was full. */
  eventsLost: number;
}

/** Retained; sent at most each 5 seconds. */
export interface Devices {
  devices: ReportedDevice[];
}

export interface ReportedDevice {
  mac: string;
  name?: string;
  port: string;
  addresses: string[];
  groups: string[];
  quarantined: boolean;
  blocked: boolean;
  reason?: string;
  associated: boolean;
}

/** Kept in the gateway's outbox until an ack (or a welcome) says that they are stored. At most 64 to a message. */
export interface Events {
  stream: string;
  events: GatewayEvent[];
}

export interface GatewayEvent {
  /** Counts from 0 in its stream, without gaps (a gap: lost to a full outbox). */
  n: number;
  /** By the gateway's clock; absent while that is not trusted. */
  at?: Instant;
  level: "debug" | "info" | "warn" | "error";
  event: string;
  fields: Record<string, string | number | boolean>;
}

export interface Ack {
  stream: string;
  stored: number;
}

/** Questions about flows and devices whose first packet is held. At most 32. */
export interface Ask {
  questions: AskQuestion[];
  /** Of the network's policy in force at the gateway: the answers must not come from an older one. */
  version?: number;
}

export type AskQuestion =
  | { id: number; kind: "flow"; device: string; deviceName?: string; address: string; names?: string[]; protocol: number; port?: number; /** The other end, when it is a device. */ peer?: string }
  | { id: number; kind: "device"; device: string; port: string; key?: string };

export interface Answers {
  answers: { id: number; verdict: FlowVerdictWord; /** Milliseconds that it may be believed. */ lifetime: number; reason?: string }[];
}

/** A certificate signing request (PKCS #10, PEM) of the key in use or a new one, over the authenticated link. */
export interface Renew {
  csr: string;
}

export interface CertificateIssued {
  /** The gateway's certificate and its issuers, PEM. */
  certificate: string;
}

/** What a gateway gets when it enrols, by HTTPS (POST /api/v1/enrol). */
export interface Enrolled {
  network: string;
  gateway: string;
  /** mqtts://HOST:PORT */
  broker: string;
  certificate: string;
  /** Trusted for broker and API, PEM. */
  ca: string;
  keys: PublicKey[];
  /** Of these keys; absent: 0. */
  epoch?: number;
  /** The backend's clock. */
  now: Instant;
}
