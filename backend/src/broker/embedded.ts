// SPDX-License-Identifier: Apache-2.0
/*
 * The broker inside the backend: aedes over TLS with client certificates.
 *
 *   TCP --Doors--> TLS handshake --certificate--> GuardedStream --CONNECT--> isAccepted --> topics of its own
 *
 * aedes acknowledges a QoS 1 message after authorizePublish and before anything else is done with it, so the handler is awaited there. What gateways say goes
 * to the handler alone: nobody can subscribe to it, so it is neither retained nor queued. Sessions are clean: whoever was away says hello and gets what differs.
 */
import { Aedes, type AuthenticateError, type Client } from "aedes";
import { constants } from "node:crypto";
import { createServer, type Server, type TLSSocket } from "node:tls";
import type { AddressInfo } from "node:net";
import type { Broker, Fleet, Pki } from "../ports.ts";
import { identityOf, mayBeWill, mayPublish, maySubscribe } from "./access.ts";
import { Doors, type DoorLimits } from "./doors.ts";
import { GuardedStream } from "./guarded-stream.ts";
import { Inbox, within, type Handler } from "./inbox.ts";
import { Refusals, type TellRefusal } from "./refusals.ts";

export interface EmbeddedOptions {
  host: string;
  /** 0: any free one. */
  port: number;
  pki: Pick<Pki, "caPem" | "serverCertificate">;
  isAccepted: Fleet["isAccepted"];
  refused: TellRefusal;
  log(level: "info" | "warn" | "error", event: string, fields?: Record<string, unknown>): void;
  limits?: Partial<DoorLimits>;
  /** From TCP to CONNECT, in each of two steps; milliseconds. Default 10 s. */
  connectTimeout?: number;
  /** Of handling one message, milliseconds. Default 30 s. */
  handlerDeadline?: number;
  /** That are told of one address. Default 10. */
  refusalsPerMinute?: number;
}

const LIMITS: DoorLimits = { total: 15_000, strangers: 1_200 };
const MAX_PUBLISHING = 10_000;
const PUBLISH_DEADLINE = 10_000;
const RENEW = 3_600_000;
/** Seconds. A gateway that promises nothing would never be noticed to be gone. */
const MAX_KEEP_ALIVE = 1_200;

/** As node:tls has it in `authorizationError`. */
const EXPIRED = "CERT_HAS_EXPIRED";
/** CONNACK, return code 5 (MQTT 3.1.1 section 3.2.2.3). */
const NOT_AUTHORISED = Uint8Array.of(0x20, 2, 0, 5);

/** Listens when it resolves. Rejects with the system's error, e.g. EADDRINUSE. */
export async function startEmbedded(options: EmbeddedOptions): Promise<Broker> {
  const broker = new EmbeddedBroker(options);
  await broker.open();
  return broker;
}

class EmbeddedBroker implements Broker {
  readonly kind = "embedded";
  #aedes!: Aedes;
  #server!: Server;
  #renewal: NodeJS.Timeout | undefined;
  #closing = false;
  #publishing = 0;
  #sent = 0;
  readonly #inbox: Inbox;
  readonly #refusals: Refusals;
  readonly #doors: Doors;
  readonly #streams = new Set<GuardedStream>();
  readonly #known = new WeakMap<TLSSocket | GuardedStream, () => void>();
  readonly #wills = new WeakMap<Client, string>();

  constructor(private readonly options: EmbeddedOptions) {
    this.#inbox = new Inbox(options.handlerDeadline);
    this.#refusals = new Refusals(options.refused, options.refusalsPerMinute);
    this.#doors = new Doors({ ...LIMITS, ...options.limits });
  }

  async open(): Promise<void> {
    const { host, port, connectTimeout = 10_000 } = this.options;
    this.#aedes = await Aedes.createBroker({
      connectTimeout, keepaliveLimit: MAX_KEEP_ALIVE, maxClientsIdLength: 63, heartbeatInterval: 3_600_000,
      preConnect: (client, packet, done) => {
        packet.clean = true;
        if (packet.will) this.#wills.set(client, packet.will.topic);
        done(null, true);
      },
      authenticate: (client, _user, _password, done) => void this.#authenticate(client).then((refusal) => done(refusal ?? null, refusal === undefined)),
      authorizePublish: (client, packet, done) => void this.#received(client, packet).then(() => done(), (error: Error) => done(error)),
      authorizeSubscribe: (client, subscription, done) => {
        const stream = client.conn as GuardedStream;
        if (maySubscribe(stream.identity, subscription.topic)) return done(null, { ...subscription, qos: subscription.qos === 2 ? 1 : subscription.qos });
        this.#refuse(stream, "subscribe", subscription.topic, "not a topic that this gateway may read");
        done(null, null);
      },
    });
    this.#aedes.on("clientError", (client, error) => this.#failed(client, error)).on("connectionError", (client, error) => this.#failed(client, error));
    await this.#listen(host, port, connectTimeout);
  }

  async #listen(host: string, port: number, handshakeTimeout: number): Promise<void> {
    this.#server = createServer({
      ...(await this.#identity()), ca: this.options.pki.caPem, requestCert: true, minVersion: "TLSv1.2", handshakeTimeout,
      rejectUnauthorized: false, // #accept does it, and knows why: node:tls closes without a word to us
      secureOptions: constants.SSL_OP_NO_TICKET, // a resumed session would not show the certificate again
    });
    this.#server.on("connection", (socket) => {
      const remote = socket.remoteAddress ?? "";
      const door = this.#doors.enter(remote);
      if (typeof door === "string") {
        this.#refusals.add({ remote, action: "connect", message: door });
        return void socket.destroy();
      }
      socket.once("close", door.left);
      // node:tls keeps no public way from the TLS socket to the TCP one; the ports of both ends tell which it is.
      this.#knocking.set(`${remote} ${socket.remotePort}`, door.known);
      socket.once("close", () => this.#knocking.delete(`${remote} ${socket.remotePort}`));
    });
    this.#server.on("tlsClientError", (error, socket) => {
      if (socket.remoteAddress) this.#refusals.add({ remote: socket.remoteAddress, action: "connect", message: reasonOf(error) });
      socket.destroy();
    });
    this.#server.on("secureConnection", (socket) => this.#accept(socket));
    await new Promise<void>((resolve, reject) => void this.#server.once("error", reject).listen(port, host, () => resolve()));
    this.#server.on("error", (error) => this.options.log("error", "broker-listener", { message: error.message }));
    const renew = (): void => void this.#identity().then((fresh) => this.#server.setSecureContext({ ...fresh, ca: this.options.pki.caPem, minVersion: "TLSv1.2", secureOptions: constants.SSL_OP_NO_TICKET }),
      (error: Error) => this.options.log("error", "broker-certificate", { message: error.message }));
    this.#renewal = setInterval(renew, RENEW).unref();
  }
  readonly #knocking = new Map<string, () => void>();

  async #identity(): Promise<{ cert: string; key: string }> {
    const { certificate: cert, key } = await this.options.pki.serverCertificate();
    return { cert, key };
  }

  #accept(socket: TLSSocket): void {
    const { subject, serialNumber } = socket.getPeerCertificate();
    const identity = socket.authorized ? identityOf(subject as unknown as Record<string, unknown>, serialNumber) : serialNumber ? reasonOf(socket.authorizationError) : "no client certificate";
    const remote = socket.remoteAddress ?? "";
    if (typeof identity === "string") {
      this.#refusals.add({ remote, action: "connect", message: identity });
      return socket.authorizationError as unknown === EXPIRED ? this.#sayNo(socket) : void socket.destroy();
    }
    socket.setNoDelay(true);
    const stream = new GuardedStream(socket, identity, remote);
    this.#known.set(stream, this.#knocking.get(`${remote} ${socket.remotePort}`) ?? (() => {}));
    this.#streams.add(stream);
    stream.once("close", () => this.#streams.delete(stream));
    this.#aedes.handle(stream);
  }

  /** node:tls has let it finish the handshake and sends no alert: without a word the gateway would not learn that it needs another certificate. */
  #sayNo(socket: TLSSocket): void {
    socket.setTimeout(this.options.connectTimeout ?? 10_000, () => socket.destroy());
    socket.on("error", () => {}).once("data", () => socket.end(NOT_AUTHORISED, () => socket.destroy()));
  }

  /** undefined: welcome. */
  async #authenticate(client: Client): Promise<AuthenticateError | undefined> {
    const stream = client.conn as GuardedStream;
    const { gateway, network, serial } = stream.identity;
    const will = this.#wills.get(client);
    const refuse = (action: "connect" | "will", target: string, message: string): AuthenticateError => {
      this.#refuse(stream, action, target, message);
      return Object.assign(new Error(message), { returnCode: 5 }) as AuthenticateError;
    };
    if (client.id !== gateway) return refuse("connect", client.id.slice(0, 100), `the client identifier has to be the certificate's name, ${gateway}`);
    if (will !== undefined && !mayBeWill(stream.identity, will)) return refuse("will", will.slice(0, 200), "the last will may only go to the gateway's own presence");
    try {
      if (!(await within(10_000, "looking up the certificate", this.options.isAccepted(gateway, network, serial)))) return refuse("connect", gateway, `certificate ${serial} is not accepted any more`);
    } catch (error) {
      this.options.log("error", "broker-lookup", { gateway, message: (error as Error).message });
      return Object.assign(new Error("try again later"), { returnCode: 3 }) as AuthenticateError;
    }
    this.#known.get(stream)?.();
    return undefined;
  }

  /** Rejects: the message is not acknowledged and the connection closes. */
  async #received(client: Client | null, packet: { topic: string; payload: Buffer | string; qos: number; retain: boolean }): Promise<void> {
    if (this.#closing || !client) throw new Error("the broker stops");
    const stream = client.conn as GuardedStream;
    const topic = mayPublish(stream.identity, packet.topic);
    if (!topic || packet.qos === 2) {
      const message = topic ? "QoS 2 is not offered" : "not a topic on which this gateway may speak";
      this.#refuse(stream, "publish", packet.topic.slice(0, 200), message);
      throw new Error(message);
    }
    const { network, gateway, channel } = topic;
    packet.retain = false;
    try {
      // Said just now, also when the gateway asks to retain it: nothing old comes this way.
      await this.#inbox.take({ network, gateway, channel, payload: Buffer.from(packet.payload as Buffer), retained: false });
    } catch (error) {
      this.options.log("error", "broker-message", { gateway, channel, message: (error as Error).message });
      throw error;
    }
  }

  #refuse({ identity, remote }: GuardedStream, action: "connect" | "publish" | "subscribe" | "will" | "packet", target: string, message: string): void {
    this.#refusals.add({ gateway: identity.gateway, network: identity.network, remote, action, target, message });
  }

  /** Errors of the protocol and of the guard; lost connections and what was told already are no news. */
  #failed(client: Client, error: Error & { code?: string; returnCode?: number; errorCode?: number }): void {
    if (this.#closing || error.code !== undefined || error.errorCode !== undefined) return;
    if (/^(not a topic|QoS 2|handling|the broker stops|keep alive timeout|connection closed)/.test(error.message)) return;
    this.#refuse(client.conn as GuardedStream, "packet", client.id ?? "", error.message.slice(0, 300));
  }

  async publish(topic: string, payload: Uint8Array, { retain }: { retain: boolean }): Promise<void> {
    if (this.#closing) throw new Error("the broker stops");
    if (this.#publishing >= MAX_PUBLISHING) throw new Error(`${MAX_PUBLISHING} messages wait to be published already`);
    this.#publishing++;
    const packet = { cmd: "publish", topic, payload: Buffer.from(payload), qos: 1, retain, dup: false } as const;
    const done = new Promise<void>((resolve, reject) => this.#aedes.publish(packet, (error) => (error ? reject(error) : resolve()))).finally(() => { this.#publishing--; });
    await within(PUBLISH_DEADLINE, `publishing ${topic}`, done);
    this.#sent++;
  }

  onMessage(handler: Handler): void {
    this.#inbox.onMessage(handler);
  }

  /** This broker forgets what is retained when it stops, and is ready from its start. */
  onReady(handler: () => void): void {
    setImmediate(handler);
  }

  async disconnect(gateway: string): Promise<void> {
    for (const stream of this.#streams) if (stream.identity.gateway === gateway) stream.destroy();
  }

  get connected(): boolean {
    return !this.#closing;
  }

  get address(): { host: string; port: number } {
    return { host: this.options.host, port: (this.#server.address() as AddressInfo).port };
  }

  statistics(): { connections: number; received: number; sent: number; refused: number } {
    return { connections: this.#aedes.connectedClients, received: this.#inbox.received, sent: this.#sent, refused: this.#refusals.count };
  }

  /** Last wills are not told: it is us who go. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    clearInterval(this.#renewal);
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const stream of this.#streams) stream.destroy();
    await within(3_000, "closing the broker", new Promise<void>((resolve) => this.#aedes.close(() => resolve()))).catch(() => {});
    await within(3_000, "closing connections", closed).catch(() => {});
  }
}

/** What people understand of OpenSSL's words. */
function reasonOf(error: (Error & { code?: string }) | string): string {
  const { code = "", message } = typeof error === "string" ? { code: error, message: error } : error;
  const known: Record<string, string> = {
    CERT_HAS_EXPIRED: "the client certificate has expired",
    DEPTH_ZERO_SELF_SIGNED_CERT: "the client certificate is not from this backend's authority",
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the client certificate is not from this backend's authority",
    SELF_SIGNED_CERT_IN_CHAIN: "the client certificate is not from this backend's authority",
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the client certificate is not from this backend's authority",
    ERR_TLS_HANDSHAKE_TIMEOUT: "no TLS handshake in time",
    ECONNRESET: "gone before the TLS handshake ended",
  };
  return known[code] ?? `TLS: ${message.slice(0, 200)}`;
}
