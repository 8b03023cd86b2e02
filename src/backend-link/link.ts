// SPDX-License-Identifier: Apache-2.0
// The link: its parts put together over one platform. Each part says when it next has something to do; one timer waits for the first.
import { encodeBase64, MAX_PAYLOAD, type Hello, type Reported, type SignedDocument } from "@securebox/contract";
import type { Millis, Platform, Timer } from "quickjs-ts";
import { Certificates } from "./certificates.ts";
import { LinkClock } from "./clock.ts";
import { LinkConnection } from "./connection.ts";
import { Conversation } from "./conversation.ts";
import { DocumentKeeper } from "./documents/keeper.ts";
import type { EnrolledKeys } from "./documents/trust.ts";
import { AgainEnrolment } from "./enrol/again.ts";
import type { LinkLog } from "./log.ts";
import { Outbox, type Level } from "./outbox.ts";
import { Persistence } from "./persistence.ts";
import { Questions } from "./questions.ts";
import { Rejections } from "./session/rejections.ts";
import type { Connect, Identity, Link, LinkHost, LinkStatus, LinkStore, MqttOptions, Question, Told } from "./types.ts";

/** Seconds; an idle connection whose broker is silent is noticed after 1.5 times that. */
export const KEEP_ALIVE = 45;
const LEVELS: readonly Level[] = ["debug", "info", "warn", "error"];
/** Timers are not set further ahead: a clock that was learnt meanwhile changes what is due. */
const LONGEST_WAIT: Millis = 600_000;

type Machine = Pick<Platform, "time" | "timers" | "crypto" | "tls">;

/** undefined when the gateway is not enrolled. `random`: from 0 up to 1, for back-off. */
export function createLink(platform: Machine, connect: Connect, store: LinkStore, host: LinkHost, log: LinkLog, random: () => number = Math.random): Link {
  const identity = store.identity();
  return identity ? new BackendLink(platform, connect, store, host, log, random, identity) : NO_LINK;
}

/** Of a gateway that is not enrolled. */
const NO_LINK: Link = {
  start() {}, stop() {}, changed() {}, event() {}, probe() {},
  ask: () => false,
  status: { state: "none", synchronised: false, outbox: { events: 0, lost: 0 }, clock: "floor" },
};

interface TimeAnswer { document: SignedDocument<"time">; nonce: string; sent: Millis; at: Millis }

class BackendLink implements Link {
  readonly #platform: Machine;
  readonly #log: LinkLog;
  readonly #host: LinkHost;
  readonly #clock: LinkClock;
  readonly #outbox: Outbox;
  readonly #questions = new Questions();
  readonly #keeper: DocumentKeeper;
  readonly #certificates: Certificates;
  readonly #connection: LinkConnection;
  readonly #conversation: Conversation;
  readonly #persistence: Persistence;
  readonly #again: AgainEnrolment;
  readonly #rejections = new Rejections();
  #timer: Timer | undefined;
  #running = false;
  #since: string | undefined;
  #lastError: string | undefined;
  #retryAt: Millis | undefined;
  /** A signed time whose key was not known when it came. */
  #unverified: TimeAnswer | undefined;

  constructor(platform: Machine, connect: Connect, store: LinkStore, host: LinkHost, log: LinkLog, random: () => number, identity: Identity) {
    this.#platform = platform;
    this.#log = log;
    this.#host = host;
    const { crypto } = platform;
    const now = (): Millis => platform.time.now();
    const nonce = (): string => encodeBase64(crypto.random(18)).replaceAll("+", "-").replaceAll("/", "_");
    const { network, gateway } = identity;
    this.#clock = new LinkClock(store.floor(), now());
    this.#outbox = new Outbox(nonce().slice(0, 16), store.outbox());
    this.#certificates = new Certificates({ crypto, store, clock: this.#clock, now }, identity);
    this.#keeper = new DocumentKeeper({
      network, gateway, store, crypto, clock: this.#clock, now,
      enforce: (desired, ignored, answer) => host.enforce(desired, ignored, answer),
      changed: () => this.changed("reported"), unheard: () => this.#conversation.repeat(),
      recovered: (issued) => this.#recovered(issued),
      event: (level, event, fields) => this.#tell(level, event, fields),
    });
    this.#connection = new LinkConnection({
      network, gateway, connect, now, random, options: () => this.#options(),
      hello: () => this.#conversation.greet(),
      ready: () => this.#ready(),
      message: (channel, payload, retained) => this.#message(channel, payload, retained),
      lost: (reason, welcomed, retryIn) => this.#lost(reason, welcomed, retryIn),
      takenOver: () => this.#tell("warn", "another gateway uses this identity", { gateway, network }),
      settled: () => this.#schedule(),
    });
    this.#conversation = new Conversation({
      crypto, connection: this.#connection, outbox: this.#outbox, questions: this.#questions, now, nonce, log,
      reported: () => this.#reported(), devices: () => host.devices(), documents: () => this.#digests(),
      time: (document, nonce, sent) => this.#learn({ document, nonce, sent, at: now() }),
      certificate: (pem) => this.#takeCertificate(pem), version: () => this.#keeper.version,
    });
    this.#persistence = new Persistence(store, this.#outbox, this.#clock, log);
    this.#again = new AgainEnrolment({
      platform, store, identity: () => this.#certificates.identity, validAt: () => this.#clock.validAt(now()),
      wanted: () => this.#certificates.unusable || this.#rejections.persistent(now(), this.#certificates.expiredBy(platform.time.date())),
      enrolled: (fresh, keys) => this.#enrolledAgain(fresh, keys),
      event: (level, event, fields) => this.#tell(level, event, fields),
      settled: () => this.#schedule(),
    });
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#keeper.start();
    if (!this.#certificates.unusable) this.#connection.input({ type: "start" });
    this.#schedule();
  }

  stop(): void {
    if (!this.#running) return;
    this.#running = false;
    if (this.#conversation.ready) this.#conversation.farewell();
    this.#connection.input({ type: "stop" });
    this.#conversation.lost();
    this.#again.stop();
    this.#timer?.cancel();
    this.#persistence.run(this.#platform.time.now(), true);
  }

  changed(what: "reported" | "devices"): void {
    this.#conversation.changed(what);
    this.#schedule();
  }

  event(level: Level, event: string, fields: Record<string, string | number | boolean | undefined>): void {
    const least = this.#keeper.desired?.body.settings.events ?? "info";
    if (LEVELS.indexOf(level) < LEVELS.indexOf(least)) return;
    const now = this.#platform.time.now();
    const lost = this.#outbox.lost;
    this.#outbox.add(level, event, fields, this.#clock.date(now), now);
    if (lost === 0 && this.#outbox.lost > 0) this.#log.warn("backend: events dropped, the outbox is full");
    if (lost !== this.#outbox.lost) this.#conversation.changed("reported");
    this.#schedule();
  }

  ask(question: Question, answer: (told: Told) => void): boolean {
    const asked = this.#questions.ask(question, answer, this.#platform.time.now());
    if (asked) this.#schedule();
    return asked;
  }

  probe(): void {
    this.#connection.input({ type: "probe" });
  }

  get status(): LinkStatus {
    const now = this.#platform.time.now();
    const { network, gateway, broker } = this.#certificates.identity;
    const { desired, refused } = this.#keeper;
    const { state } = this.#connection;
    const facts = this.#certificates.facts;
    return {
      state: this.#conversation.ready ? "connected" : state === "waiting" || state === "idle" ? "waiting" : "connecting",
      synchronised: this.#conversation.ready && this.#clock.trusted && this.#keeper.parked === 0,
      broker: `${broker.host}:${broker.port}`, network, gateway, since: this.#since, lastError: this.#lastError,
      retryIn: state === "waiting" && this.#retryAt !== undefined ? Math.max(0, Math.round((this.#retryAt - now) / 100) / 10) : undefined,
      desired: desired && { sequence: desired.sequence, version: desired.body.version, digest: desired.digest }, refused,
      certificateExpires: facts && new Date(facts.notAfter).toISOString(),
      outbox: { events: this.#outbox.size, lost: this.#outbox.lost },
      clock: this.#clock.trusted ? "trusted" : "floor",
      storeError: this.#keeper.storeError ?? this.#persistence.error,
      enrolment: this.#again.status,
    };
  }

  #options(): Omit<MqttOptions, "timeout"> {
    const { broker, ca, certificate, privateKey: key, network, gateway } = this.#certificates.identity;
    return {
      ...broker, clientId: gateway, keepAlive: KEEP_ALIVE, maxPacket: MAX_PAYLOAD + 1024,
      tls: { ca, certificate, key, validAt: this.#clock.validAt(this.#platform.time.now()) },
      will: { topic: `securebox/1/${network}/${gateway}/presence`, payload: this.#conversation.will() },
    };
  }

  #digests(): Pick<Hello, "desired" | "epoch" | "keys" | "revocation" | "believes"> {
    const { desired, desiredNumber: sequence, epoch, keys } = this.#keeper;
    return {
      ...(sequence !== undefined && { desired: { sequence, digest: desired!.digest } }), ...(epoch > 0 && { epoch }),
      keys: this.#keeper.sequence("keys") ?? 0, revocation: this.#keeper.sequence("revocation") ?? 0, believes: keys.map(({ id }) => id),
    };
  }

  #reported(): Reported {
    const { desired, refused, keys, epoch } = this.#keeper;
    const facts = this.#certificates.facts;
    return {
      ...this.#host.reported(),
      ...(desired && { desired: { sequence: desired.sequence, digest: desired.digest, version: desired.body.version } }),
      ...(refused && { refused }), ...(facts && { certificate: { serial: facts.serial, expires: facts.notAfter } }),
      keys: keys.map(({ id }) => id), ...(epoch > 0 && { epoch }), clock: this.#clock.trusted ? "trusted" : "floor", eventsLost: this.#outbox.lost,
    };
  }

  #message(channel: string, payload: Uint8Array, retained: boolean): void {
    if (channel === "tell") this.#conversation.tell(payload);
    else if (channel === "desired" || channel === "keys" || channel === "revocation") this.#keeper.take(channel, payload, retained);
    if (channel === "keys" && this.#unverified) this.#learn(this.#unverified);
    this.#schedule();
  }

  #learn(answer: TimeAnswer): void {
    this.#unverified = undefined;
    const { document, nonce, sent, at } = answer;
    if (!this.#keeper.takeTime(document, nonce)) {
      this.#unverified = answer;
      return;
    }
    const known = this.#clock.trusted;
    if (!this.#clock.learn(document.body.now, sent, at)) return;
    if (!known) {
      this.#log.info("backend: time known", { now: new Date(document.body.now).toISOString() });
      this.#conversation.changed("reported");
    }
    this.#keeper.retry();
  }

  #ready(): void {
    this.#since = this.#wallClock();
    this.#lastError = this.#retryAt = undefined;
    this.#rejections.accepted();
    this.#log.info("backend: connected", { broker: this.status.broker });
  }

  #lost(reason: string, welcomed: boolean, retryIn: Millis): void {
    const now = this.#platform.time.now();
    this.#conversation.lost();
    this.#since = this.#wallClock();
    this.#lastError = reason;
    this.#retryAt = now + retryIn;
    this.#rejections.lost(reason, now);
    const fields = { reason, retry: `${(retryIn / 1000).toFixed(1)}s` };
    if (welcomed) this.#log.warn("backend: connection lost", fields);
    else this.#log.info("backend: not connected", fields);
    this.#schedule();
  }

  #takeCertificate(pem: string): void {
    try {
      this.#certificates.take(pem);
    } catch (error) {
      return this.#tell("error", "certificate not renewed", { reason: (error as Error).message });
    }
    this.#tell("info", "certificate renewed", { expires: this.status.certificateExpires });
    this.#connection.input({ type: "renew" });
    this.#conversation.lost();
  }

  /** A new connection begins with a new hello: the time by the new keys, and all that they signed. */
  #recovered(issued: number): void {
    this.#unverified = undefined;
    this.#clock.restart(issued, this.#platform.time.now());
    this.#connection.input({ type: "renew" });
    this.#conversation.lost();
  }

  #enrolledAgain(identity: Identity, keys: EnrolledKeys): void {
    this.#certificates.replace(identity);
    this.#rejections.accepted();
    this.#keeper.trustAnew(keys);
    this.#tell("info", "enrolled again", { expires: this.status.certificateExpires });
    this.#connection.input({ type: "start" });
    this.#connection.input({ type: "renew" });
    this.#conversation.lost();
    this.#schedule();
  }

  /** For people here and at the backend. */
  #tell(level: "info" | "warn" | "error", event: string, fields: Record<string, string | number | undefined>): void {
    this.#log[level](`backend: ${event}`, fields);
    this.event(level, event, fields);
  }

  #wallClock(): string {
    const now = this.#platform.time.now();
    return new Date(this.#clock.date(now) ?? this.#platform.time.date()).toISOString();
  }

  #due(): Millis {
    const times = [this.#connection.deadline(), this.#conversation.due(), this.#keeper.storeDue(), this.#persistence.due(),
      this.#questions.expiry(), this.#conversation.ready ? this.#certificates.due() : undefined, this.#again.due()];
    return Math.min(this.#platform.time.now() + LONGEST_WAIT, ...times.filter((time) => time !== undefined));
  }

  #schedule(): void {
    if (!this.#running) return;
    this.#timer?.cancel();
    this.#timer = this.#platform.timers.after(Math.max(0, this.#due() - this.#platform.time.now()), () => this.#run());
  }

  #run(): void {
    const now = this.#platform.time.now();
    this.#connection.input({ type: "time" });
    this.#keeper.retryStore();
    const csr = this.#conversation.ready ? this.#certificates.request() : undefined;
    if (csr !== undefined) this.#conversation.renew(csr);
    this.#conversation.pump();
    // A question is QoS 0: no PUBACK tells whether the broker is still there. One packet does.
    if (this.#questions.expire(now) > 0) this.#connection.input({ type: "probe" });
    this.#persistence.run(now);
    this.#again.run(now);
    this.#schedule();
  }
}
