// SPDX-License-Identifier: Apache-2.0
/*
 * What is said over a connection, in this order: presence and hello; the welcome with the time; what it wants; then events, changes of state, questions.
 * Nothing is sent before the welcome but presence and hello, and of each channel at most one QoS 1 message is on its way, so nothing can pile up.
 */
import { decodeMessage, digestOf, encodeMessage, type Verifier } from "@securebox/contract";
import type { Devices, Envelope, Hello, Messages, MessageType, Reported, SignedDocument, Up } from "@securebox/contract";
import type { Millis } from "quickjs-ts";
import type { LinkConnection } from "./connection.ts";
import { ReportedState } from "./digests.ts";
import type { LinkLog } from "./log.ts";
import type { Outbox } from "./outbox.ts";
import type { Questions } from "./questions.ts";

export interface ConversationParts {
  crypto: Pick<Verifier, "sha256">;
  connection: LinkConnection;
  outbox: Outbox;
  questions: Questions;
  reported(): Reported;
  devices(): Devices;
  /** What hello says of the documents. */
  documents(): Pick<Hello, "desired" | "epoch" | "keys" | "revocation" | "believes">;
  /** The signed time in answer to `nonce`, asked at `sent`. */
  time(document: SignedDocument<"time">, nonce: string, sent: Millis): void;
  certificate(pem: string): void;
  /** Of the policy in force. */
  version(): number | undefined;
  now(): Millis;
  /** A name that nobody else uses: random. */
  nonce(): string;
  log: LinkLog;
}

/** Events that were not acknowledged within this time are sent again. */
const RESEND: Millis = 15_000;
/** A question waits for the socket only behind this many bytes: a stalled link answers nothing in time. */
const MAX_QUEUED = 65_536;
const REPORTED_INTERVAL: Millis = 1000;
const DEVICES_INTERVAL: Millis = 5000;

const TOLD = ["welcome", "ack", "answers", "certificate"] as const;

interface Greeting { id: string; nonce: string; sent: Millis }

export class Conversation {
  readonly #parts: ConversationParts;
  readonly #reported: ReportedState<Reported>;
  readonly #devices: ReportedState<Devices>;
  /** Of our message ids, in this start of the program. */
  readonly #prefix: string;
  #count = 0;
  /** The last two hellos: the answer to the first may come after the second was sent. */
  #greetings: Greeting[] = [];
  /** Channels with a QoS 1 message on its way. */
  readonly #busy = new Set<Up>();
  #sending: { stream: string; last: number; at: Millis } | undefined;
  #ready = false;

  constructor(parts: ConversationParts) {
    this.#parts = parts;
    this.#prefix = parts.nonce().slice(0, 12);
    const digest = (body: object): string => digestOfState(parts.crypto, body);
    this.#reported = new ReportedState<Reported>({ interval: REPORTED_INTERVAL, body: parts.reported, digest });
    this.#devices = new ReportedState<Devices>({ interval: DEVICES_INTERVAL, body: parts.devices, digest });
  }

  get ready(): boolean { return this.#ready; }

  changed(what: "reported" | "devices"): void { (what === "reported" ? this.#reported : this.#devices).changed(); }

  /** The backend does not know what we reported. */
  repeat(): void { this.#reported.repeat(); }

  greet(): void {
    const { now, nonce, outbox, documents } = this.#parts;
    this.#busy.clear();
    const id = this.#publish("presence", "presence", { state: "online" }, true) && this.#nextId();
    if (!id) return;
    const greeting = { id, nonce: nonce(), sent: now() };
    this.#greetings = [...this.#greetings.slice(-1), greeting];
    const body: Hello = { nonce: greeting.nonce, ...documents(), reported: this.#reported.greet(), devices: this.#devices.greet(), events: { stream: outbox.stream, first: outbox.first } };
    this.#publish("hello", "hello", body, false, id);
  }

  /** "offline", before an orderly end. */
  farewell(): void { this.#publish("presence", "presence", { state: "offline", reason: "stopped" }, true); }

  will(): Uint8Array { return encodeMessage<"presence">({ type: "presence", id: this.#nextId(), body: { state: "offline", reason: "lost" } }); }

  lost(): void {
    this.#ready = false;
    this.#sending = undefined;
    this.#busy.clear();
    this.#reported.lost();
    this.#devices.lost();
    this.#parts.questions.ready(false);
  }

  renew(csr: string): void { this.#publish("renew", "renew", { csr }, false); }

  /** A message on the topic `tell`. */
  tell(payload: Uint8Array): void {
    const decoded = decodeMessage(payload, TOLD);
    if (!decoded.ok) return this.#parts.log.warn("backend: message not understood", { reason: decoded.message });
    const { envelope } = decoded;
    switch (envelope.type) {
      case "welcome": return this.#welcome(envelope);
      case "ack": return this.#stored(envelope.body.stream, envelope.body.stored);
      case "answers": return this.#parts.questions.answered(envelope.body);
      case "certificate": return this.#parts.certificate(envelope.body.certificate);
    }
  }

  /** When `pump` has something to send; undefined: not before something changes. */
  due(): Millis | undefined {
    if (!this.#ready) return undefined;
    const times = [
      this.#busy.has("reported") ? undefined : this.#reported.due(),
      this.#busy.has("devices") ? undefined : this.#devices.due(),
      this.#sending ? this.#sending.at + RESEND : this.#parts.outbox.size > 0 ? -Infinity : undefined,
      this.#parts.questions.pending > 0 ? -Infinity : undefined,
    ].filter((time) => time !== undefined);
    return times.length > 0 ? Math.min(...times) : undefined;
  }

  /** Sends what is due. */
  pump(): void {
    if (!this.#ready) return;
    const now = this.#parts.now();
    const version = this.#parts.version();
    for (const body of this.#parts.questions.take()) this.#ask(version === undefined ? body : { ...body, version });
    const reported = this.#busy.has("reported") ? undefined : this.#reported.take(now);
    if (reported) this.#publish("reported", "reported", reported, true);
    const devices = this.#busy.has("devices") ? undefined : this.#devices.take(now);
    if (devices) this.#publish("devices", "devices", devices, true);
    this.#sendEvents(now);
  }

  #ask(body: Messages["ask"]): void {
    const { connection } = this.#parts;
    if (connection.queued <= MAX_QUEUED) connection.publish("ask", encodeMessage<"ask">({ type: "ask", id: this.#nextId(), body }), { qos: 0, retain: false });
  }

  #sendEvents(now: Millis): void {
    if (this.#sending && now - this.#sending.at < RESEND) return;
    const batch = this.#busy.has("event") ? undefined : this.#parts.outbox.batch();
    this.#sending = batch && { stream: batch.stream, last: batch.events.at(-1)!.n, at: now };
    if (batch) this.#publish("event", "events", batch, false);
  }

  #stored(stream: string, stored: number): void {
    this.#parts.outbox.acknowledge(stream, stored, this.#parts.now());
    if (this.#sending?.stream === stream && stored >= this.#sending.last) this.#sending = undefined;
  }

  #welcome({ re, body }: Envelope<"welcome">): void {
    const { connection, outbox, log } = this.#parts;
    const greeting = this.#greetings.find(({ id }) => id === re);
    if (!greeting) {
      if (re !== undefined && !re.startsWith(`${this.#prefix}-`)) connection.input({ type: "foreign" });
      return log.debug("backend: a welcome for another hello", { re });
    }
    this.#greetings = [];
    this.#parts.time(body.time, greeting.nonce, greeting.sent);
    this.#stored(outbox.stream, body.stored);
    this.#reported.welcomed(body.want.includes("reported"));
    this.#devices.welcomed(body.want.includes("devices"));
    this.#parts.questions.ready(true);
    this.#ready = true;
    connection.input({ type: "welcomed" });
  }

  #publish<T extends MessageType>(channel: Up, type: T, body: Messages[T], retain: boolean, id = this.#nextId()): boolean {
    this.#busy.add(channel);
    const left = this.#parts.connection.publish(channel, encodeMessage<T>({ type, id, body }), { qos: 1, retain }, () => this.#busy.delete(channel));
    if (!left) this.#busy.delete(channel);
    return left;
  }

  #nextId(): string { return `${this.#prefix}-${++this.#count}`; }
}

/** A name cut in the middle of a surrogate pair has no canonical form; then any digest does, at the price of being asked for the state anew. */
function digestOfState(crypto: Pick<Verifier, "sha256">, body: object): string {
  try {
    return digestOf(crypto, body);
  } catch {
    return digestOf(crypto, JSON.stringify(body));
  }
}
