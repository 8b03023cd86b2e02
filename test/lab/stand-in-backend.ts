// SPDX-License-Identifier: Apache-2.0
// A stand-in for the backend: the real Mosquitto over TLS with client certificates, an HTTPS server that enrols whoever has the token, and a program that
// signs documents and answers messages by the contract's functions. It keeps what gateways say; it has no database and no access rules.
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import { type AddressInfo, createServer as createPort } from "node:net";
import { join } from "node:path";
import {
  decodeMessage, encodeDocument, encodeMessage, keyIdOf, parsePolicy, parseTopic, signDocument, topicOf, upFilters,
  type AskQuestion, type Desired, type Devices, type DocumentKind, type Enrolled, type Envelope, type GatewayEvent, type Hello, type PublicKey, type Reported, type SignedDocument,
} from "@securebox/contract";
import mqtt, { type MqttClient } from "mqtt";
import { checkRequest } from "../../backend/src/pki/request.ts";
import { signer } from "../../backend/src/pki/signer.ts";
import { DAY, type Issuer, issueClient, issueServer, makeAuthority, makeKeyPair, openIssuer } from "../../backend/src/pki/x509.ts";
import { until } from "./command.ts";
import { Daemon } from "./daemon.ts";

export interface SigningKey extends PublicKey { privateKey: string }
export type Verdict = { verdict: "allow" | "deny"; lifetime: number; reason?: string };

const UP_TYPES = ["presence", "hello", "reported", "devices", "events", "ask", "renew"] as const;

export function signingKey(): SigningKey {
  const { privateKey, publicKey } = makeKeyPair();
  return { id: keyIdOf(signer, publicKey), use: "sign", publicKey, privateKey, notBefore: Date.now() - 365 * DAY, notAfter: Date.now() + 365 * DAY };
}

export class StandInBackend {
  readonly network = "home";
  readonly gateway = "gw-test";
  readonly key = signingKey();
  readonly broker: Daemon;
  readonly brokerPort: number;
  /** Newest last. */
  readonly said: Envelope[] = [];
  readonly events: GatewayEvent[] = [];
  reported: Reported | undefined;
  devices: Devices | undefined;
  presence: string | undefined;
  hellos = 0;
  /** Answers questions; undefined: stays silent. */
  answer: (question: AskQuestion) => Verdict | undefined = () => undefined;
  /** Garbage to publish instead of an answer. */
  garble: ((question: AskQuestion) => Uint8Array) | undefined;
  #sequence = 0;
  #desired: SignedDocument<"desired"> | undefined;
  #client: MqttClient | undefined;
  #https: Server | undefined;
  #secret = randomBytes(18).toString("base64url");
  #redeemed = false;
  #stored = new Map<string, number>();

  private constructor(readonly directory: string, readonly ca: string, private readonly issuer: Issuer, private readonly credentials: { certificate: string; key: string }, brokerPort: number, readonly pin: string) {
    this.brokerPort = brokerPort;
    this.broker = new Daemon("mosquitto", directory, ["mosquitto", "-c", join(directory, "mosquitto.conf")]);
  }

  static async start(directory: string): Promise<StandInBackend> {
    const authority = makeKeyPair();
    const ca = await makeAuthority("stand-in", authority, Date.now());
    const issuer = await openIssuer(ca, authority.privateKey);
    const server = makeKeyPair();
    const { pem } = await issueServer(issuer, server.publicKey, ["127.0.0.1"], Date.now(), DAY);
    const client = makeKeyPair();
    const own = await issueClient(issuer, client.publicKey, "backend", "backend", Date.now(), DAY);
    const port = await freePort();
    const write = (name: string, text: string): string => { writeFileSync(join(directory, name), text); return join(directory, name); };
    write("mosquitto.conf", `user root\nlistener ${port} 127.0.0.1\ncafile ${write("ca.pem", ca)}\ncertfile ${write("server.pem", pem)}\nkeyfile ${write("server.key", server.privateKey)}
require_certificate true\nuse_identity_as_username true\nallow_anonymous true\nlog_type error\n`);
    const backend = new StandInBackend(directory, ca, issuer, { certificate: own.pem, key: client.privateKey }, port, issuer.certificate.rawData ? await sha256Of(issuer.certificate.rawData) : "");
    backend.broker.start();
    await backend.#connect();
    await backend.#serve(pem, server.privateKey);
    return backend;
  }

  async stop(): Promise<void> {
    this.#client?.end(true);
    this.#https?.closeAllConnections();
    await new Promise<void>((resolve) => { this.#https ? this.#https.close(() => resolve()) : resolve(); });
    await this.broker.stop();
  }

  /** What a person types at the gateway. */
  get token(): string {
    const { port } = this.#https!.address() as AddressInfo;
    return `sbx1.${Buffer.from(JSON.stringify({ u: `https://127.0.0.1:${port}`, s: this.#secret, p: this.pin })).toString("base64url")}`;
  }

  /** A document of the next sequence; `with`: fields that are to be otherwise. */
  document(body: Desired, other: Partial<SignedDocument<"desired">> = {}, key = this.key): SignedDocument<"desired"> {
    const now = Date.now();
    return signDocument<"desired">(signer, key.privateKey, key.id, {
      kind: "desired", network: this.network, gateway: this.gateway, sequence: ++this.#sequence, issued: now, expires: now + DAY, body, ...other,
    });
  }

  /** Signs and publishes, retained; what a gateway that connects later gets. */
  desire(policy: string, version: number, settings: Desired["settings"] = {}): SignedDocument<"desired"> {
    const document = this.document(desiredOf(policy, version, settings));
    this.#desired = document;
    this.publish(encodeDocument(document));
    return document;
  }

  publish(bytes: Uint8Array, retain = true, channel: "desired" | "keys" | "revocation" | "tell" = "desired"): void {
    this.#client!.publish(topicOf(this.network, this.gateway, channel), Buffer.from(bytes), { qos: 1, retain });
  }

  async brokerAgain(): Promise<void> {
    this.broker.start();
    await until("the stand-in's connection", 10_000, () => this.#client!.connected);
    if (this.#desired) this.publish(encodeDocument(this.#desired));
  }

  async #connect(): Promise<void> {
    this.#client = mqtt.connect({
      protocol: "mqtts", host: "127.0.0.1", port: this.brokerPort, clientId: "backend", ca: this.ca, cert: this.credentials.certificate, key: this.credentials.key,
      reconnectPeriod: 200, clean: true, protocolVersion: 4,
    });
    this.#client.on("error", () => {});
    this.#client.on("connect", () => this.#client!.subscribe(upFilters(), { qos: 1 }));
    this.#client.on("message", (topic, payload) => this.#take(topic, payload));
    await until("the stand-in's connection", 10_000, () => this.#client!.connected);
  }

  #take(topic: string, payload: Uint8Array): void {
    const parts = parseTopic(topic);
    const decoded = decodeMessage(payload, UP_TYPES);
    if (!parts || !decoded.ok) throw new Error(`${topic}: ${decoded.ok ? "" : decoded.message}`);
    const { envelope } = decoded;
    this.said.push(envelope);
    if (envelope.type === "presence") this.presence = `${envelope.body.state}${envelope.body.reason ? ` ${envelope.body.reason}` : ""}`;
    else if (envelope.type === "hello") this.#welcome(envelope.id, envelope.body);
    else if (envelope.type === "reported") this.reported = envelope.body;
    else if (envelope.type === "devices") this.devices = envelope.body;
    else if (envelope.type === "events") this.#store(envelope.body);
    else if (envelope.type === "ask") this.#answer(envelope.body.questions);
  }

  #welcome(re: string, { nonce, events }: Hello): void {
    this.hellos++;
    const now = Date.now();
    const time = signDocument<"time">(signer, this.key.privateKey, this.key.id, { kind: "time", network: this.network, gateway: this.gateway, sequence: 0, issued: now, expires: now + 60_000, body: { nonce, now } });
    this.#tell({ type: "welcome", id: `w${this.hellos}`, re, body: { time, want: ["reported", "devices"], stored: this.#stored.get(events.stream) ?? -1 } });
  }

  #store({ stream, events }: { stream: string; events: GatewayEvent[] }): void {
    const known = this.#stored.get(stream) ?? -1;
    this.events.push(...events.filter(({ n }) => n > known));
    this.#stored.set(stream, Math.max(known, events.at(-1)!.n));
    this.#tell({ type: "ack", id: `a${this.events.length}`, body: { stream, stored: this.#stored.get(stream)! } });
  }

  #answer(questions: AskQuestion[]): void {
    for (const question of questions) {
      if (this.garble) this.publish(this.garble(question), false, "tell");
      const verdict = this.answer(question);
      if (verdict) this.#tell({ type: "answers", id: `q${question.id}`, body: { answers: [{ id: question.id, ...verdict }] } });
    }
  }

  #tell<T extends "welcome" | "ack" | "answers">(envelope: Omit<Envelope<T>, "v">): void {
    this.publish(encodeMessage<T>(envelope), false, "tell");
  }

  async #serve(cert: string, key: string): Promise<void> {
    this.#https = createServer({ cert: cert + this.ca, key }, (request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => { body += chunk.toString(); });
      request.on("end", () => void this.#enrol(body).then(([status, answer]) => {
        response.writeHead(status, { "content-type": "application/json" });
        response.end(JSON.stringify(answer));
      }));
    });
    await new Promise<void>((resolve) => void this.#https!.listen(0, "127.0.0.1", resolve));
  }

  async #enrol(body: string): Promise<[number, unknown]> {
    const { secret, csr } = JSON.parse(body) as { secret: string; csr: string };
    if (secret !== this.#secret || this.#redeemed) return [403, { error: { message: "the token is not known, used or too old" } }];
    this.#redeemed = true;
    const { publicKey } = await checkRequest(csr);
    const certificate = await issueClient(this.issuer, publicKey, this.gateway, this.network, Date.now(), DAY);
    const { privateKey: _, ...key } = this.key;
    return [200, { network: this.network, gateway: this.gateway, broker: `mqtts://127.0.0.1:${this.brokerPort}`, certificate: certificate.pem, ca: this.ca, keys: [key], now: Date.now() } satisfies Enrolled];
  }
}

export function desiredOf(policy: string, version: number, settings: Desired["settings"] = {}): Desired {
  const parsed = parsePolicy(policy);
  if (!parsed.ok) throw new Error(`the test's policy: ${JSON.stringify(parsed.problems)}`);
  return { version, policy: parsed.policy, settings };
}

async function sha256Of(bytes: ArrayBuffer): Promise<string> {
  return Buffer.from(await crypto.subtle.digest("SHA-256", bytes)).toString("hex");
}

async function freePort(): Promise<number> {
  const server = createPort();
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => void server.close(() => resolve()));
  return port;
}

export type { DocumentKind };
