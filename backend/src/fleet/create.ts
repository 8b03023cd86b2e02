// SPDX-License-Identifier: Apache-2.0
// The fleet put together. Nothing is decided here: each noun has its file.
import { DOWN, topicOf, type Reported } from "@securebox/contract";
import { RequestError, type Fleet } from "../ports.ts";
import { listAudit, writeAudit } from "./audit.ts";
import { committed, type Context, type FleetDependencies } from "./context.ts";
import { readAssigned } from "./desired.ts";
import { listDevices } from "./devices.ts";
import { dryRun } from "./dry-run.ts";
import { listEvents } from "./events.ts";
import { changeGateway, enrolled, isAccepted, listGateways, readGateway, removeGateway, renewed, revokeGateway } from "./gateways.ts";
import { Known } from "./incoming/known.ts";
import { Seldom } from "./incoming/seldom.ts";
import { Intake, type Room, type TakeStatistics } from "./incoming/take.ts";
import { missingKeys, publishKeys, renewKeyDocuments } from "./key-documents.ts";
import { changeNetwork, createNetwork, listNetworks, readNetwork, removeNetwork } from "./networks.ts";
import { pushPolicy, readHistory, readPolicy } from "./policies.ts";
import { Publisher } from "./publisher.ts";
import { lease, reconcile, republishDifferent } from "./reconcile.ts";
import { planRecovery, recoverKeys } from "./recovery.ts";
import { RETENTION, retain } from "./retention.ts";
import { addVerdict, listVerdicts, removeVerdict } from "./verdict-rows.ts";

const RECONCILE_EVERY = 30_000;
const RETAIN_EVERY = 600_000;
/** A renewal that was answered is not answered again for this long: the answer may be on its way. */
const RENEWALS_APART = 10_000;

export interface OwnFleet extends Fleet {
  /** Begins the periodic work. Call it before the broker takes gateways. */
  start(): Promise<void>;
  /** Waits for nothing: what is not done is found again at the next start. */
  close(): void;
  /** One round of the periodic comparison, at once; resolves with the number of gateways that were behind. */
  reconcile(): Promise<number>;
  readonly statistics: TakeStatistics;
}

/** The caller gives `take` to broker.onMessage and `resynchronise` to broker.onReady. */
export function createFleet(dependencies: FleetDependencies): OwnFleet {
  const context: Context = { ...dependencies, now: dependencies.now ?? Date.now };
  const { database, broker, log, now } = context;
  const known = new Known(database, now);
  const publisher = new Publisher(context);
  const room: Room = { context, publisher, known, renewals: new Seldom(RENEWALS_APART) };
  const intake = new Intake(room);
  const timers: NodeJS.Timeout[] = [];
  context.live.onMissed(() => { known.forget(); void announceAll(context); });

  /** Publishing follows the answer: what was committed is not lost when it fails. */
  const publishLater = (network: string): void => void publisher.publishNetwork(network);
  const quietly = (what: string, run: () => Promise<unknown>): Promise<void> => run().then(() => {}, (error: Error) => log("warn", "periodic.failed", { what, error: error.message }));

  return {
    networks: () => listNetworks(database),
    network: (name) => readNetwork(database, name),
    createNetwork: (actor, name, title) => createNetwork(context, actor, name, title),
    async changeNetwork(actor, name, change) {
      const { row, publish } = await changeNetwork(context, actor, name, change);
      if (publish) publishLater(name);
      return row;
    },
    removeNetwork: (actor, name) => removeNetwork(context, actor, name),

    policy: (network, version) => readPolicy(database, network, version),
    history: (network, page) => readHistory(database, network, page),
    dryRun: (network, text) => dryRun(database, network, text),
    async pushPolicy(actor, network, text, reason, expected) {
      const { version, changed } = await pushPolicy(context, actor, { network, text, reason, expected });
      if (changed) publishLater(network);
      return version;
    },
    async rollback(actor, network, wanted, reason) {
      await readNetwork(database, network);
      const old = await readPolicy(database, network, wanted);
      if (!old) throw new RequestError(404, `"${network}" has no policy version ${wanted}`);
      const { version, changed } = await pushPolicy(context, actor, { network, text: old.text, reason, rolledBackFrom: wanted });
      if (changed) publishLater(network);
      return version;
    },

    gateways: (network) => listGateways(database, network),
    gateway: (id) => readGateway(database, id),
    async enrolled(actor, id, network, title, certificate) {
      const again = await enrolled(context, actor, id, network, title, certificate);
      known.forget(id);
      if (again) await broker.disconnect(id); // whoever holds the certificate before, and not the holder of this one, who waits for our answer
      void quietly("publish", async () => publisher.publish(await readAssigned(database, { gateways: [id] })));
    },
    renewed: (id, certificate) => renewed(context, id, certificate),
    changeGateway: (actor, id, change) => changeGateway(context, actor, id, change),
    async revokeGateway(actor, id, reason) {
      const network = await revokeGateway(context, actor, id, reason);
      known.forget(id);
      void broker.disconnect(id);
      void quietly("clear retained", () => clearRetained(context, network, id));
    },
    async removeGateway(actor, id) {
      await removeGateway(context, actor, id);
      known.forget(id);
    },
    isAccepted: (gateway, network, serial) => isAccepted(database, gateway, network, serial),

    devices: (network) => listDevices(database, network),
    events: (filter) => listEvents(database, filter),
    verdicts: (network) => listVerdicts(database, network, now()),
    addVerdict: (actor, verdict) => addVerdict(context, actor, verdict),
    removeVerdict: (actor, id) => removeVerdict(context, actor, id),

    take: (message) => intake.take(message),
    keysChanged: () => keysChanged(context),
    planRecovery: () => planRecovery(context),
    async recoverKeys(actor, documents) {
      await recoverKeys(context, actor, documents);
      await keysChanged(context);
      for (const { network } of documents) publishLater(network);
    },
    resynchronise: () => quietly("resynchronise", () => republishDifferent(room)),
    audit: (filter) => listAudit(database, filter),
    record: (entry) => committed(context, (tx, tell) => writeAudit(tx, entry, tell)),

    async start() {
      // No connection to the embedded broker survived the last process, and its last wills were not heard.
      if (broker.kind === "embedded") await database.query("UPDATE gateways SET presence = 'offline', presence_since = $1 WHERE presence = 'online'", [new Date(now())]);
      const each = (millis: number, name: string, run: () => Promise<unknown>): void => {
        timers.push(setInterval(() => void quietly(name, async () => { if (await lease(database, name, millis * 0.9)) await run(); }), millis).unref());
      };
      each(RECONCILE_EVERY, "reconcile", () => reconcile(room));
      each(RETAIN_EVERY, "retention", () => retain(database, { ...RETENTION, ...context.retention }, now()));
    },
    close() {
      for (const timer of timers) clearInterval(timer);
      intake.close();
    },
    reconcile: () => reconcile(room),
    statistics: intake.statistics,
  };
}

/** To every gateway, by a key that it believes. A broker that does not take them: gateways get them with their next hello. */
async function keysChanged(context: Context): Promise<void> {
  await renewKeyDocuments(context);
  const gateways = await context.database.query<{ id: string; network: string; reported: Reported | null }>("SELECT id, network, reported FROM gateways WHERE state = 'enrolled'");
  for (const { id, network, reported } of gateways) {
    await missingKeys(context, network, { epoch: reported?.epoch }).then((missing) => publishKeys(context, network, id, missing, reported?.keys))
      .catch((error: Error) => context.log("warn", "publish.failed", { gateway: id, what: "keys", error: error.message }));
  }
}

/** The broker keeps nothing for a gateway that is no more. */
async function clearRetained({ broker }: Context, network: string, gateway: string): Promise<void> {
  for (const channel of [...DOWN, "presence", "reported", "devices"] as const) {
    if (channel !== "tell" && channel !== "intel") await broker.publish(topicOf(network, gateway, channel), new Uint8Array(), { retain: true });
  }
}

/** Notifications were missed: to those who follow them, everything may have changed. */
async function announceAll({ database, live }: Context): Promise<void> {
  const rows = await database.query<{ network: string; gateway: string | null }>("SELECT n.name AS network, g.id AS gateway FROM networks n LEFT JOIN gateways g ON g.network = n.name LIMIT 900").catch(() => []);
  for (const { network, gateway } of rows) {
    live.emit({ kind: "network", network });
    live.emit({ kind: "policy", network });
    if (gateway !== null) live.emit({ kind: "gateway", network, gateway });
  }
}
