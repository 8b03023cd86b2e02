// SPDX-License-Identifier: Apache-2.0
// A fake broker with a fake backend behind it, in memory: signs real documents, answers hello, stores events. For tests of the link alone.
import {
  decodeMessage, digestOf, encodeDocument, encodeMessage, keyIdOf, parseTopic, signDocument,
  type Desired, type DocumentKind, type Envelope, type GatewayEvent, type Messages, type MessageType, type PublicKey, type SignedDocument, type Up,
} from "@securebox/contract";
import { FakePlatform } from "quickjs-ts/fake";
import { platform } from "quickjs-ts/platform";
import type { LinkLog } from "../log.ts";
import { createLink } from "../link.ts";
import { FileStore } from "../store.ts";
import type { Connect, Link, LinkHost, MqttConnection, MqttHandlers, MqttOptions } from "../types.ts";
import { CERTIFICATE, PRIVATE_KEY } from "./certificate-vectors.ts";

export const { crypto } = platform;
export const TODAY = Date.UTC(2026, 10, 23, 12);
export const DAY = 86_400_000;
const UP_TYPES = ["presence", "hello", "reported", "devices", "events", "ask", "renew"] as const;

export interface SigningKey extends PublicKey { privateKey: string }
export function signingKey(use: "sign" | "recovery" = "sign"): SigningKey {
  const { privateKey, publicKey } = crypto.generateP256();
  return { id: keyIdOf(crypto, publicKey), use, publicKey, privateKey, notBefore: TODAY - 365 * DAY, notAfter: TODAY + 3650 * DAY };
}
export const publicOf = ({ id, use, publicKey, notBefore, notAfter }: SigningKey): PublicKey => ({ id, use, publicKey, notBefore, notAfter });

/** What a broker's connection to one gateway looks like from inside. */
export interface FakeConnection extends MqttConnection { options: MqttOptions; handlers: MqttHandlers; open: boolean; topics: string[]; pings: number }

export class FakeBackend {
  readonly machine = new FakePlatform(crypto);
  readonly key = signingKey();
  readonly recovery = signingKey("recovery");
  /** up: answers. refused: no connection. silent: nothing comes or goes. mute: the broker works, the backend does not. */
  mode: "up" | "refused" | "silent" | "mute" = "up";
  connectError = "connect: ECONNREFUSED";
  /** The backend's wall clock minus the machine's monotonic one. */
  epoch = TODAY;
  /** Milliseconds until a publish is acknowledged. */
  latency = 1;
  tries = 0;
  connection: FakeConnection | undefined;
  readonly received: { channel: Up; retain: boolean; envelope: Envelope }[] = [];
  readonly retained = new Map<string, Uint8Array>();
  readonly events = new Map<string, GatewayEvent>();
  /** Answers questions; undefined: stays silent. */
  answer: ((ask: Messages["ask"]) => Messages["answers"] | undefined) | undefined;
  known: { reported?: string; devices?: string } = {};
  timeKey: SigningKey = this.key;
  /** Of timeKey; undefined: 0. */
  keysEpoch: number | undefined;
  #count = 0;

  get now(): number { return this.epoch + this.machine.time.now(); }

  readonly connect: Connect = (options, handlers) => {
    this.tries++;
    const connection: FakeConnection = {
      options, handlers, open: true, topics: [], pings: 0, queued: 0,
      subscribe: (topics, done) => this.#later(connection, () => this.#subscribe(connection, topics, done)),
      publish: (topic, payload, { qos, retain }, done) => this.#later(connection, () => {
        this.#publish(topic, payload, retain);
        if (qos === 1) handlers.received();
        done?.();
      }, this.latency),
      ping: () => { connection.pings++; this.#later(connection, () => handlers.received()); },
      end: () => this.#close(connection, "ended"),
      destroy: () => this.#close(connection, "destroyed"),
    };
    const { mode } = this;
    if (mode === "refused") this.machine.time.after(1, () => this.#close(connection, this.connectError));
    else if (mode === "silent") this.machine.time.after(options.timeout, () => this.#close(connection, "connect: ETIMEDOUT"));
    else this.machine.time.after(1, () => {
      if (!connection.open) return;
      this.connection = connection;
      handlers.connected(false);
    });
    return connection;
  };

  /** Cuts the connection: the peer's side is told. */
  cut(reason = "ECONNRESET"): void {
    if (this.connection) this.#close(this.connection, reason);
  }

  #close(connection: FakeConnection, reason: string): void {
    if (!connection.open) return;
    connection.open = false;
    if (this.connection === connection) this.connection = undefined;
    this.machine.time.after(0, () => connection.handlers.closed(reason));
  }

  /** Through a silent cut as TCP does it: again after 0.2 s, 0.4 s, 0.8 s (RFC 6298). */
  #later(connection: FakeConnection, run: () => void, delay = 1): void {
    this.machine.time.after(delay, () => {
      if (!connection.open) return;
      if (this.mode === "silent") this.#later(connection, run, Math.max(200, delay * 2));
      else run();
    });
  }

  #subscribe(connection: FakeConnection, topics: string[], done: (error?: string) => void): void {
    connection.topics = topics;
    connection.handlers.received();
    done();
    for (const topic of topics) {
      const payload = this.retained.get(topic);
      if (payload) connection.handlers.message(topic, payload, true);
    }
  }

  #publish(topic: string, payload: Uint8Array, retain: boolean): void {
    const decoded = decodeMessage<MessageType>(payload, UP_TYPES);
    if (!decoded.ok) throw new Error(`the gateway sent what the contract refuses: ${decoded.message}`);
    this.received.push({ channel: parseTopic(topic)!.channel as Up, retain, envelope: decoded.envelope });
    if (this.mode !== "mute") this.#take(decoded.envelope);
  }

  #take(envelope: Envelope): void {
    if (envelope.type === "hello") return this.#welcome(envelope as Envelope<"hello">);
    if (envelope.type === "reported" || envelope.type === "devices") this.known[envelope.type] = digestOf(crypto, envelope.body);
    if (envelope.type === "events") this.#store(envelope.body as Messages["events"]);
    const answers = envelope.type === "ask" ? this.answer?.(envelope.body as Messages["ask"]) : undefined;
    if (answers) this.tell("answers", answers, envelope.id);
  }

  #store({ stream, events }: Messages["events"]): void {
    for (const event of events) {
      const before = this.events.get(`${stream}/${event.n}`);
      if (before && JSON.stringify(before) !== JSON.stringify(event)) throw new Error(`number ${event.n} of stream ${stream} stands for two events`);
      this.events.set(`${stream}/${event.n}`, event);
    }
    this.tell("ack", { stream, stored: events.at(-1)!.n });
  }

  #welcome({ id, body }: Envelope<"hello">): void {
    const time = this.sign("time", { nonce: body.nonce, now: this.now }, { sequence: 0, key: this.timeKey, ...(this.keysEpoch !== undefined && { epoch: this.keysEpoch }) });
    const want = (["reported", "devices"] as const).filter((what) => this.known[what] !== body[what]);
    const numbers = [...this.events.keys()].filter((name) => name.startsWith(`${body.events.stream}/`)).map((name) => Number(name.split("/")[1]));
    this.tell("welcome", { time, want, stored: Math.max(-1, ...numbers) }, id);
  }

  tell<T extends MessageType>(type: T, body: Messages[T], re?: string): void {
    this.deliver("tell", encodeMessage<T>({ type, id: `b${++this.#count}`, ...(re !== undefined && { re }), body }));
  }

  /** To the gateway, if it is connected; documents are retained as well. */
  deliver(channel: string, payload: Uint8Array): void {
    const topic = `securebox/1/home/attic/${channel}`;
    if (channel !== "tell") this.retained.set(topic, payload);
    const { connection } = this;
    if (connection) this.#later(connection, () => { if (connection.topics.includes(topic)) connection.handlers.message(topic, payload, false); });
  }

  sign<K extends DocumentKind>(kind: K, body: SignedDocument<K>["body"], { key = this.key, ...header }: Partial<SignedDocument<K>> extends infer H ? Omit<H, "key"> & { key?: SigningKey } : never): SignedDocument<K> {
    const document = { kind, network: "home", gateway: "attic", sequence: 1, issued: this.now - 1000, expires: this.now + 30 * DAY, body, ...header } as Omit<SignedDocument<K>, "v" | "key" | "digest" | "signature">;
    return signDocument<K>(crypto, key.privateKey, key.id, document);
  }

  desired(sequence: number, header: Parameters<FakeBackend["sign"]>[2] = {}): Uint8Array {
    return encodeDocument(this.sign("desired", desiredBody(sequence), { sequence, ...header }));
  }
}

export function desiredBody(version: number): Desired {
  return { version, policy: { network: "home", mode: "intelligent-edge", groups: {}, rules: [], quarantine: [] } as unknown as Desired["policy"], settings: {} };
}

/** A gateway's link on that machine, its host remembered in the open. */
export class FakeGateway {
  readonly enforced: number[] = [];
  /** Versions that the pipeline refuses. */
  readonly refuses = new Set<number>();
  /** Enforcing answers later than this. */
  delay = 5;
  lines: string[] = [];
  healthy = true;
  ignored: string[] = [];
  store: FileStore;
  link: Link;

  constructor(readonly backend: FakeBackend) {
    const log = (level: string) => (event: string, fields = {}): void => { this.lines.push(`${level} ${event} ${JSON.stringify(fields)}`); };
    const logger: LinkLog = { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };
    this.store = new FileStore(backend.machine.files, "/state/backend", logger);
    if (!this.store.identity()) this.enrolByHand();
    this.link = createLink(backend.machine, backend.connect, this.store, this.#host(), logger, () => 0.5);
  }

  /** As the enrolment leaves it. */
  enrolByHand(): void {
    this.store.saveIdentity({ network: "home", gateway: "attic", broker: { host: "192.0.2.1", port: 8883 }, api: "https://192.0.2.1:8443", ca: CERTIFICATE, certificate: CERTIFICATE, privateKey: PRIVATE_KEY });
    this.store.saveDocuments({ revoked: [], initialKeys: { keys: [publicOf(this.backend.key), publicOf(this.backend.recovery)] }, sequences: {} });
  }

  #host(): LinkHost {
    return {
      enforce: ({ version }, ignored, answer) => void this.backend.machine.timers.after(this.delay, () => {
        if (this.refuses.has(version)) return answer({ ok: false, message: `version ${version}: too many groups` });
        this.enforced.push(version);
        this.ignored = ignored;
        answer({ ok: true });
      }),
      reported: () => ({
        policy: { source: "backend", problems: [], unenforced: [], ignored: [] }, gateway: { version: "0.1.0", engine: "fake", started: TODAY },
        switch: { state: "ready", bridge: "br0", ports: [] }, healthy: this.healthy, problems: [], overrides: [],
      }),
      devices: () => ({ devices: [] }),
    };
  }

  get reported(): Messages["reported"] | undefined {
    return this.backend.received.findLast(({ channel }) => channel === "reported")?.envelope.body as Messages["reported"] | undefined;
  }
  sent(channel: Up): number { return this.backend.received.filter((message) => message.channel === channel).length; }
}

/** A link that is up. */
export async function linkUp(backend = new FakeBackend()): Promise<{ backend: FakeBackend; gateway: FakeGateway; pass(by: number): Promise<void> }> {
  const gateway = new FakeGateway(backend);
  gateway.link.start();
  const pass = (by: number): Promise<void> => backend.machine.time.advance(by);
  await pass(1000);
  return { backend, gateway, pass };
}
