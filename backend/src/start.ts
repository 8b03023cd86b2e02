// SPDX-License-Identifier: Apache-2.0
// The backend put together: store, keys, broker, fleet, API, in this order; and taken apart in the other. Nothing is decided here.
import { existsSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { consoleDirectory } from "../console/build.ts";
import { createApi, ensureAdministrator, FIRST_ADMINISTRATOR, writeLocalAccess, type Api } from "./api/index.ts";
import { startEmbedded } from "./broker/embedded.ts";
import { startExternal } from "./broker/external.ts";
import { keepRevocations } from "./broker/revocations.ts";
import type { Config, OptionName } from "./config.ts";
import { createEnrolment } from "./enrolment/index.ts";
import { createFleet, type OwnFleet } from "./fleet/index.ts";
import { openLive } from "./live/index.ts";
import { createLog, type Log } from "./log.ts";
import { openPki, type OwnPki } from "./pki/index.ts";
import type { Broker, Database } from "./ports.ts";
import { openDatabase, type DatabaseLocation } from "./store/index.ts";
import { createVerdicts } from "./verdicts/index.ts";

/** After this the process ends, whatever still runs. Milliseconds. */
const STOP_PATIENCE = 10_000;

export interface Running {
  /** Ends what `start` began, newest first. */
  stop(): Promise<void>;
}

/** Resolves when everything listens. Rejects with what is in the way; what had begun by then has ended again. */
export async function start(config: Config, version: string, tell: (line: string) => void, log: Log = createLog(config.log, config.logLevel)): Promise<Running> {
  const endings: (() => unknown)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of endings.splice(0).reverse()) await Promise.resolve(end()).catch((error: Error) => log("warn", "stop.failed", { error: error.message }));
  };
  try {
    await compose(config, { version, tell, log, ends: (end) => endings.push(end) });
    return { stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Surroundings { version: string; tell: (line: string) => void; log: Log; ends: (end: () => unknown) => void }

async function compose(config: Config, around: Surroundings): Promise<void> {
  const { tell, log, ends } = around;
  await mkdir(config.data, { recursive: true, mode: 0o700 });
  tell(config.databaseUrl ? "opening the database server" : `opening the database in ${config.data}`);
  const database = await openDatabase(locationOf(config));
  ends(() => database.close());
  const pki = await openPki({ database, names: config.names, gatewayLifetime: config.certificateLifetime, keepRecoveryKey: (key) => keepRecoveryKey(config, key, tell) });
  ends(() => pki.close());
  const live = await openLive({ database, log });
  ends(() => live.close());
  const verdicts = createVerdicts({ database, live });

  // The broker asks the fleet who may come in, and the fleet publishes through the broker: nobody is let in before both are there.
  let ready!: (fleet: OwnFleet) => void;
  const whenFleet = new Promise<OwnFleet>((resolve) => (ready = resolve));
  const broker = await openBroker(config, pki, whenFleet, log);
  ends(() => broker.close());
  const fleet = createFleet({ database, broker, pki, live, verdicts, log, retention: config.retention });
  ends(() => fleet.close());
  await fleet.start();
  broker.onMessage((message) => fleet.take(message));
  broker.onReady(() => void fleet.resynchronise());
  ready(fleet);
  if (config.broker?.crl !== undefined) {
    const revocations = await keepRevocations({ file: config.broker.crl, reload: config.broker.reload, database, pki, broker, log });
    ends(() => revocations.close());
  }

  // Known when the API listens, before anybody can ask for a token.
  let apiPort = config.apiPort;
  let unready: string | undefined = "it is starting";
  const enrolment = createEnrolment({ database, fleet, pki, live, addresses: () => addressesOf(config, broker, apiPort) });
  const api = await createApi({ database, fleet, enrolment, live, pki, verdicts, broker, log, version: around.version, consoleDirectory: await consoleDirectory(), problem: () => unready });
  ends(() => api.close());
  const password = await ensureAdministrator(database);
  const doors = await openDoors(config, api, (port) => (apiPort = port));
  await writeLocalAccess(database, join(config.data, "local.json"), `${hostname()}:${config.data}`, { url: doors.local, ca: pki.caPem });
  unready = undefined;
  ends(() => { unready = "it is stopping"; });
  if (password === undefined) remindOfRecoveryKey(config, log);
  introduce({ doors, broker, brokerUrl: addressesOf(config, broker, apiPort).broker, fingerprint: pki.caFingerprint, password, tell });
}

export function locationOf({ data, databaseUrl }: Config): DatabaseLocation {
  return databaseUrl ? { url: databaseUrl } : { directory: join(data, "database") };
}

function openBroker(config: Config, pki: OwnPki, whenFleet: Promise<OwnFleet>, log: Log): Promise<Broker> {
  const refused = async ({ gateway, network, remote, action, target, message, untold }: { gateway?: string; network?: string; remote: string; action: string; target?: string; message: string; untold: number }): Promise<void> => {
    log("warn", "broker.refused", { gateway, network, remote, action, target, message, untold: untold || undefined });
    const fleet = await whenFleet;
    await fleet.record({ actor: gateway ?? "unknown", action: `broker ${action}`, target: target ?? gateway ?? "", network, outcome: "refused", detail: { message, ...(untold > 0 && { untold }) }, remote })
      .catch((error: Error) => log("error", "audit.failed", { error: error.message }));
  };
  if (config.broker) return startExternal({ ...config.broker, pki, log });
  return naming("mqtt-port", config.mqttPort, () => startEmbedded({
    host: config.listen, port: config.mqttPort, pki, log, refused: (refusal) => void refused(refusal),
    isAccepted: async (gateway, network, serial) => (await whenFleet).isAccepted(gateway, network, serial),
  }));
}

/** The system says "EADDRINUSE"; which option that was, and what to do, is ours to say. */
async function naming<T>(option: OptionName, port: number, listen: () => Promise<T>): Promise<T> {
  return listen().catch((error: NodeJS.ErrnoException) => {
    const why: Record<string, string> = { EADDRINUSE: "another program, or another backend, listens there; choose another port", EACCES: "only root may listen there; choose a port from 1024 on", EADDRNOTAVAIL: "this machine has no such address" };
    const said = why[error.code ?? ""];
    if (said) error.message = `--${error.code === "EADDRNOTAVAIL" ? "listen" : `${option} ${port}`}: ${said}`;
    throw error;
  });
}

/** What goes into enrolment tokens and identities. `apiPort`: on which the API listens, whatever was asked for. */
function addressesOf({ names, apiUrl, mqttUrl, broker: external }: Config, broker: Broker, apiPort: number): { api: string; broker: string } {
  const { host, port } = broker.address;
  return { api: apiUrl ?? `https://${hostOf(names)}:${apiPort}`, broker: mqttUrl ?? `mqtts://${external ? host : hostOf(names)}:${port}` };
}

function hostOf(names: readonly string[]): string {
  return names[0]!.includes(":") ? `[${names[0]}]` : names[0]!;
}

/** `local`: where this machine's command line finds the API. `bound` is told the HTTPS port before the other door opens. */
async function openDoors({ listen: host, apiPort, httpPort, names }: Config, api: Api, bound: (port: number) => void): Promise<{ url: string; http?: string; local: string }> {
  const https = await naming("api-port", apiPort, () => api.listen({ host, port: apiPort, tls: true }));
  bound(https.port);
  const http = httpPort === undefined ? undefined : (await naming("http-port", httpPort, () => api.listen({ host: "127.0.0.1", port: httpPort, tls: false }))).url;
  return { url: `https://${hostOf(names)}:${https.port}`, http, local: http ?? `https://localhost:${https.port}` };
}

interface Introduction { doors: { url: string; http?: string }; broker: Broker; brokerUrl: string; fingerprint: string; password: string | undefined; tell: (line: string) => void }

function introduce({ doors, broker, brokerUrl, fingerprint, password, tell }: Introduction): void {
  tell(`console and API: ${doors.url}${doors.http ? `, and on this machine ${doors.http}` : ""}`);
  tell(`gateways connect to ${brokerUrl} (${broker.kind === "embedded" ? "MQTT over TLS" : "external broker"})`);
  tell(`fingerprint of this backend's certificate authority (SHA-256): ${fingerprint}`);
  if (password) tell(`first start: sign in as "${FIRST_ADMINISTRATOR}" with the password: ${password}\n           It is shown this once. Change it in the console.`);
}

/** The one key that the database never holds: with it a stolen signing key can be replaced. */
export async function keepRecoveryKey({ data }: Pick<Config, "data">, privateKey: string, tell: (line: string) => void): Promise<void> {
  const file = join(data, "recovery-key.pem");
  await writeFile(`${file}.new`, privateKey, { mode: 0o600 });
  // One that is there belongs to another database, or to a start that did not come to its end: which, only people know.
  await rename(file, `${file}.${new Date().toISOString().replace(/[:.]/g, "-")}`).catch((error: NodeJS.ErrnoException) => { if (error.code !== "ENOENT") throw error; });
  await rename(`${file}.new`, file);
  tell(`the recovery key was written to ${file}. It is the only way back on the day on which this backend's signing keys were stolen, and it must not be stolen with them:
           move the file to a USB stick or print it, keep that offline, and delete it here. Its use: "securebox-backend keys recover --key FILE".`);
}

function remindOfRecoveryKey({ data }: Config, log: Log): void {
  const file = join(data, "recovery-key.pem");
  if (existsSync(file)) log("warn", "recovery-key.online", { file, message: "it lies beside the keys that it is to replace when they are stolen: take it offline and delete it here" });
}

/** Runs until SIGTERM or SIGINT; resolves with the exit status. */
export async function runUntilSignal(config: Config, version: string, tell: (line: string) => void): Promise<number> {
  const log = createLog(config.log, config.logLevel);
  // A promise that nobody waited for must not end the service of all networks; anything else that nobody expected does, before it does harm.
  process.on("unhandledRejection", (error) => log("error", "internal", { message: String((error as Error)?.stack ?? error) }));
  const running = await start(config, version, tell, log);
  log("info", "ready", { pid: process.pid });
  const signal = await new Promise<string>((resolve) => {
    for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => resolve(name));
  });
  process.once("SIGINT", () => process.exit(1)); // who presses Ctrl-C twice means it
  log("info", "stops", { signal });
  setTimeout(() => {
    log("error", "stop.overdue", { after: STOP_PATIENCE });
    process.exit(1);
  }, STOP_PATIENCE).unref();
  await running.stop();
  log("info", "stopped");
  return 0;
}
