// SPDX-License-Identifier: Apache-2.0
// One backend process on a real PostgreSQL and a real Mosquitto, all of them ours and on loopback.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { encodePolicy } from "@securebox/contract";
import { openPki } from "../../backend/src/pki/index.ts";
import { openDatabase } from "../../backend/src/store/index.ts";
import { MosquittoServer } from "../../backend/test/support/mosquitto-server.ts";
import { PostgresqlServer } from "../../backend/test/support/postgresql-server.ts";
import { BackendProcess } from "./backend.ts";
import { policy } from "./network.ts";
import { busy, familyCpu, type Usage, usageOf } from "./usage.ts";

const DEVICES = 20;
const RULES = 10;

interface Behind { id: string; presence: string; wanted: number; last: string | null; refused: string | null; at: Date | null }

export class FleetBackend {
  readonly network = "bench";
  /** Begun first, ended last. */
  readonly #endings: (() => unknown)[] = [];
  #process!: BackendProcess;
  #mosquitto!: MosquittoServer;
  #postgresql!: PostgresqlServer;
  #database!: pg.Client;

  private constructor(readonly directory: string) {}

  static async start(): Promise<FleetBackend> {
    const backend = new FleetBackend(mkdtempSync(join(tmpdir(), "sbx-fleet-")));
    try {
      await backend.#start();
      return backend;
    } catch (error) {
      await backend.stop();
      throw error;
    }
  }

  async #start(): Promise<void> {
    this.#endings.push(() => rmSync(this.directory, { recursive: true, force: true }));
    const postgresql = (this.#postgresql = await PostgresqlServer.start());
    this.#endings.push(() => postgresql.stop());
    this.#database = new pg.Client(postgresql.url);
    await this.#database.connect();
    this.#endings.push(() => this.#database.end());
    const mosquitto = (this.#mosquitto = await startMosquitto(postgresql.url));
    this.#endings.push(() => mosquitto.stop());
    const { certificate, key } = mosquitto.credentials;
    const env = { DATABASE_URL: postgresql.url, BROKER_URL: mosquitto.url, BROKER_CERT: certificate, BROKER_KEY: key, SECUREBOX_MQTT_URL: `mqtts://127.0.0.1:${mosquitto.gatewayPort}` };
    this.#process = await BackendProcess.start(this.directory, env);
    this.#endings.push(() => this.#process.stop());
    await this.#process.createNetwork(this.network);
  }

  get process(): BackendProcess { return this.#process; }
  memory(): { backend: Usage; broker: Usage } { return { backend: this.#process.usage(), broker: usageOf(this.#mosquitto.pid) }; }
  /** Milliseconds of the processor since each began; `all`: of the whole machine. */
  cpu(): { backend: number; broker: number; database: number; all: number } {
    return { backend: this.#process.usage().cpu, broker: usageOf(this.#mosquitto.pid).cpu, database: familyCpu(this.#postgresql.pid), all: busy() };
  }

  /** A policy of some size, another one for each `turn`. Returns its version. */
  push(turn: number): Promise<number> {
    return this.#process.push(this.network, encodePolicy(policy(DEVICES, RULES + turn)));
  }

  /** When each report of this version reached the database, milliseconds since 1970. */
  async reported(version: number): Promise<number[]> {
    const query = "SELECT (extract(epoch FROM reported_at) * 1000)::float8 AS at FROM gateways WHERE (reported->'desired'->>'version')::int = $1";
    return (await this.#database.query<{ at: number }>(query, [version])).rows.map(({ at }) => at);
  }

  /** Who has not reported this version, what they reported last, and what the backend had to say: why waiting for it was in vain. */
  async missing(version: number): Promise<string> {
    const { rows } = await this.#database.query<Behind>(
      `SELECT id, presence, desired_version AS wanted, reported->'desired'->>'version' AS last, reported->'refused'->>'message' AS refused, reported_at AS at FROM gateways
       WHERE (reported->'desired'->>'version')::int IS DISTINCT FROM $1 ORDER BY id LIMIT 20`, [version]);
    const each = rows.map(({ id, presence, wanted, last, refused, at }) =>
      `${id} (${presence}, is to have ${wanted}) ${last === null ? "none" : `version ${last}`} ${at ? `at ${at.toISOString()}` : ""}${refused === null ? "" : `, refused: ${refused}`}`);
    return `now is ${new Date().toISOString()}; last reported by ${each.join("; ") || "nobody another one"}; the backend warned last: ${this.#process.lastWords(/ (warn|error) /) || "of nothing"}`;
  }

  async stop(): Promise<void> {
    for (const end of this.#endings.splice(0).reverse()) await Promise.resolve(end()).catch((error: Error) => console.error(`[bench] ${error.message}`));
  }
}

/** With the configuration and certificates that the backend writes for it; its keys are in the database. */
async function startMosquitto(url: string): Promise<MosquittoServer> {
  const database = await openDatabase({ url });
  try {
    const pki = await openPki({ database, names: ["127.0.0.1"], keepRecoveryKey: async () => {} });
    try {
      return await MosquittoServer.start(pki);
    } finally {
      await pki.close();
    }
  } finally {
    await database.close();
  }
}
