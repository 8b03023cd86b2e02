// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { encodePolicy } from "@securebox/contract";
import { openPki } from "../backend/src/pki/index.ts";
import { openDatabase } from "../backend/src/store/index.ts";
import { MosquittoServer } from "../backend/test/support/mosquitto-server.ts";
import { PostgresqlServer } from "../backend/test/support/postgresql-server.ts";
import { setup } from "../tools/setup/index.ts";
import { sleep, until } from "../test/lab/command.ts";
import { BackendProcess } from "./lib/backend.ts";
import { Fleet } from "./lib/fleet.ts";
import { idleBytes } from "./lib/idle-bytes.ts";
import { policy } from "./lib/network.ts";
import { print, quantile, type Result } from "./lib/result.ts";

export const about = "1,000 simulated gateways at one backend on PostgreSQL and Mosquitto; what a real gateway's idle link sends";

const GATEWAYS = Number(process.env["BENCH_GATEWAYS"] ?? 1000);
const PUSHES = 5;
const NETWORK = "bench";
/** After the storm, before memory and the processor's time are read. */
const SETTLE = 5000;
const DEVICES = 20;

export async function run(): Promise<void> {
  await setup();
  for (const result of await measureFleet(GATEWAYS, PUSHES)) print(result);
  print(await idleBytes());
}

/** Everything about the fleet, of `count` gateways. */
export async function measureFleet(count: number, pushes: number): Promise<Result[]> {
  const directory = mkdtempSync(join(tmpdir(), "sbx-fleet-"));
  const endings: (() => Promise<unknown>)[] = [];
  try {
    const postgresql = await PostgresqlServer.start();
    endings.push(() => postgresql.stop());
    const database = new pg.Client(postgresql.url);
    await database.connect();
    endings.push(() => database.end());
    const mosquitto = await startMosquitto(postgresql.url);
    endings.push(() => mosquitto.stop());
    const { certificate, key } = mosquitto.credentials;
    const backend = await BackendProcess.start(directory, {
      DATABASE_URL: postgresql.url, BROKER_URL: mosquitto.url, BROKER_CERT: certificate, BROKER_KEY: key, SECUREBOX_MQTT_URL: `mqtts://127.0.0.1:${mosquitto.gatewayPort}`,
    });
    endings.push(() => backend.stop());
    await backend.createNetwork(NETWORK);
    let version = await backend.push(NETWORK, text(0));
    const fleet = await Fleet.prepare(backend, NETWORK, directory, count);
    endings.push(() => fleet.end());
    await fleet.enrol();
    await sleep(SETTLE);
    const results = await storm(backend, fleet, count);
    const delays: number[] = [];
    const before = backend.usage();
    for (let i = 1; i <= pushes; i++) {
      const at = Date.now();
      version = await backend.push(NETWORK, text(i));
      delays.push(...(await reportedBy(database, version, count)).map((reported) => reported - at));
      await sleep(1500); // a gateway reports once a second at most
    }
    const { connected, versions, lost } = await fleet.report();
    if (connected !== count || versions[version] !== count) throw new Error(`of ${count} gateways ${connected} are connected and ${versions[version] ?? 0} enforce version ${version}`);
    results.push(...spread(delays, { count, pushes, lost, perPush: (backend.usage().cpu - before.cpu) / pushes / count }));
    return results;
  } finally {
    for (const end of endings.reverse()) await end().catch((error: Error) => console.error(`[bench] ${error.message}`));
    rmSync(directory, { recursive: true, force: true });
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

async function storm(backend: BackendProcess, fleet: Fleet, count: number): Promise<Result[]> {
  const before = backend.usage();
  const start = performance.now();
  const { welcomed, failed, reason } = await fleet.connect();
  const seconds = (performance.now() - start) / 1000;
  await sleep(SETTLE);
  const after = backend.usage();
  const note = `${count} simulated gateways in processes on the same two cores`;
  return [
    { bench: "fleet", metric: "connect-storm", unit: "s", value: seconds, p50: quantile(welcomed, 0.5) / 1000, p99: quantile(welcomed, 0.99) / 1000, note: `${note}, all at once; until the last was welcomed, p50 and p99 per gateway; ${failed} tries failed${reason ? ` (${reason})` : ""}` },
    { bench: "fleet", metric: "memory-per-gateway", unit: "kB", value: ((after.resident - before.resident) * 1000) / count, note: `VmRSS of the backend ${before.resident.toFixed(1)} MB before, ${after.resident.toFixed(1)} MB with ${count} connected, peak ${after.peak.toFixed(1)} MB` },
    { bench: "fleet", metric: "cpu-per-gateway", unit: "ms", value: (after.cpu - before.cpu) / count, note: `of the backend's process, from the first connection to ${SETTLE / 1000} s after the last welcome` },
  ];
}

/** When each gateway's report of the version reached the database, milliseconds since 1970. */
async function reportedBy(database: pg.Client, version: number, count: number): Promise<number[]> {
  const query = "SELECT (extract(epoch FROM reported_at) * 1000)::float8 AS at FROM gateways WHERE (reported->'desired'->>'version')::int = $1";
  const rows = await until(`version ${version} reported by ${count}`, 60_000, async () => {
    const { rows } = await database.query<{ at: number }>(query, [version]);
    return rows.length === count ? rows : undefined;
  }, 100);
  return rows.map(({ at }) => at);
}

function spread(delays: readonly number[], { count, pushes, lost, perPush }: { count: number; pushes: number; lost: number; perPush: number }): Result[] {
  const [p50, p99] = [quantile(delays, 0.5) / 1000, quantile(delays, 0.99) / 1000];
  return [{
    bench: "fleet", metric: "policy-to-all", unit: "s", value: Math.max(...delays) / 1000, p50, p99,
    note: `from before PUT .../policy to the report's time in the database, the last of ${count}; ${pushes} pushes to one network; ${lost} connections lost; ${perPush.toFixed(2)} ms of the backend's processor per gateway and push`,
  }];
}

/** A policy of some size, different each time. */
function text(turn: number): string {
  return encodePolicy(policy(DEVICES, 10 + turn)).replace(/^network: .*$/m, `network: ${NETWORK}`);
}
