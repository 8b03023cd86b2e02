// SPDX-License-Identifier: Apache-2.0
// An authority on PGlite in memory, gateways' certificates, and real MQTT clients.
import "reflect-metadata";
import { PGlite } from "@electric-sql/pglite";
import { Pkcs10CertificateRequestGenerator } from "@peculiar/x509";
import { webcrypto } from "node:crypto";
import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import { openPki, type OwnPki } from "../../src/pki/index.ts";
import type { Certificate, Database, Queryable } from "../../src/ports.ts";
import { migrate } from "../../src/store/migrate.ts";

/** One process only: notifications go nowhere. */
export async function memoryDatabase(): Promise<Database> {
  const pglite = new PGlite();
  const queryable = (on: { query(sql: string, parameters?: unknown[]): Promise<{ rows: unknown[] }> }): Queryable => ({ query: async (sql, parameters) => (await on.query(sql, parameters)).rows as never[] });
  const database: Database = {
    engine: "pglite", ...queryable(pglite), transaction: (run) => pglite.transaction((tx) => run(queryable(tx))) as Promise<never>,
    notify: async () => {}, listen: async () => async () => {}, problem: async () => undefined, close: () => pglite.close(),
  };
  await migrate(database);
  return database;
}

/** `database` absent: one of its own, and so another authority. */
export async function memoryPki(options: { database?: Database; now?: () => number; gatewayLifetime?: number } = {}): Promise<OwnPki & { database: Database }> {
  const database = options.database ?? (await memoryDatabase());
  return Object.assign(await openPki({ names: ["backend.example"], keepRecoveryKey: async () => {}, ...options, database }), { database });
}

export interface Credentials { gateway: string; network: string; key: string; certificate: Certificate }

export async function makeRequest(subject = "whoever", curve: "P-256" | "P-384" = "P-256"): Promise<{ key: string; csr: string; keys: webcrypto.CryptoKeyPair }> {
  const keys = await webcrypto.subtle.generateKey({ name: "ECDSA", namedCurve: curve }, true, ["sign", "verify"]);
  const csr = await Pkcs10CertificateRequestGenerator.create({ name: `CN=${subject}`, keys, signingAlgorithm: { name: "ECDSA", hash: "SHA-256" } });
  const der = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey));
  return { keys, csr: csr.toString("pem"), key: `-----BEGIN PRIVATE KEY-----\n${der.toString("base64").replace(/.{64}/g, "$&\n")}\n-----END PRIVATE KEY-----\n` };
}

export async function enrol(pki: OwnPki, gateway: string, network = "home"): Promise<Credentials> {
  const { key, csr } = await makeRequest();
  return { gateway, network, key, certificate: await pki.issueGateway(csr, gateway, network) };
}

export interface Listening { host: string; port: number; ca: string }

export const own = (at: Listening, { gateway, key, certificate }: Credentials): IClientOptions =>
  ({ host: at.host, port: at.port, protocol: "mqtts", ca: at.ca, key, cert: certificate.pem, clientId: gateway, protocolVersion: 4, clean: true, reconnectPeriod: 0, connectTimeout: 5_000, keepalive: 60 });

/** Rejects with why it was not connected. */
export function connect(options: IClientOptions): Promise<MqttClient> {
  return new Promise((resolve, reject) => {
    const client = mqtt.connect(options);
    let reason = new Error("closed before CONNACK");
    client.on("error", (error) => { reason = error as Error; });
    client.once("connect", () => resolve(client));
    client.once("close", () => { client.end(true); reject(reason); });
  });
}

/** undefined when it was let in. */
export async function refusalOf(options: IClientOptions): Promise<string | undefined> {
  try {
    const client = await connect(options);
    // TLS 1.3 and MQTT.js both may believe in a connection that the broker is just closing.
    const closed = await Promise.race([new Promise<true>((resolve) => client.once("close", () => resolve(true))), wait(300)]);
    client.end(true);
    return closed ? "closed after CONNACK" : undefined;
  } catch (error) {
    return (error as Error).message || String((error as { code?: string }).code);
  }
}

export function wait(millis: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), millis));
}

/** Rejects with WHAT after five seconds. */
export async function until(condition: () => boolean, what: string, millis = 5_000): Promise<void> {
  for (const end = Date.now() + millis; !condition(); await wait(10)) if (Date.now() > end) throw new Error(`not within ${millis} ms: ${what}`);
}
