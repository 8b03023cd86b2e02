// SPDX-License-Identifier: Apache-2.0
// Figures for Prometheus. Each process tells its own; those of gateways come from the shared database and are the same in all.
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Broker, Fleet, GatewayRow, Live, PolicyVersion } from "../ports.ts";

/** A push is watched until all online gateways report it, at most so long. Milliseconds. */
const WATCH = 5 * 60_000;
/** Reports are read together. Milliseconds. */
const GATHER = 500;
const SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export interface Metrics {
  refused(status: number): void;
  request(method: string, route: string, status: number, seconds: number): void;
  /** Runs a push and watches for its reports. */
  push(network: string, now: () => number, run: () => Promise<PolicyVersion>): Promise<PolicyVersion>;
  text(): Promise<string>;
  close(): void;
}

interface Watched { version: number; created: number; until: number; seen: Set<string> }

export function createMetrics({ fleet, broker, live, readers }: { fleet: Fleet; broker: Broker; live: Live; readers: () => number }): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const gateways = new Gauge({ name: "securebox_gateways", help: "Gateways by state", labelNames: ["state"], registers, collect: () => countGateways() });
  const pushes = new Counter({ name: "securebox_policy_pushes_total", help: "Policies pushed and rolled back", labelNames: ["outcome"], registers });
  const stored = new Histogram({ name: "securebox_policy_store_seconds", help: "From the API's call to the stored version", buckets: SECONDS, registers });
  const reported = new Histogram({ name: "securebox_policy_reported_seconds", help: "From the stored version to the gateway's report that it is in force", buckets: SECONDS, registers });
  const refusals = new Counter({ name: "securebox_refusals_total", help: "Attempts refused by the API, by HTTP status", labelNames: ["status"], registers });
  const events = new Counter({ name: "securebox_events_total", help: "Events of gateways", labelNames: ["level"], registers });
  const requests = new Histogram({ name: "securebox_http_request_seconds", help: "Requests to the API", labelNames: ["method", "route", "status"], buckets: [0.005, 0.025, 0.1, 0.5, 2.5], registers });
  new Gauge({ name: "securebox_live_readers", help: "Open live streams", registers, collect() { this.set(readers()); } });
  for (const [key, help] of [["connections", "Gateways connected to this process's broker"], ["received", "Messages from gateways"], ["sent", "Messages to gateways"], ["refused", "Attempts refused by the broker"]] as const)
    new Gauge({ name: `securebox_broker_${key}`, help, registers, collect() { this.set(broker.statistics()[key]); } });

  const watched = new Map<string, Watched>();
  let gathering: NodeJS.Timeout | undefined;
  const unsubscribe = live.subscribe((event) => {
    if (event.kind === "event") events.inc({ level: event.event.level });
    if (event.kind !== "gateway" || gathering || !watched.has(event.network)) return;
    gathering = setTimeout(() => void gather().catch(() => undefined), GATHER).unref();
  });

  async function countGateways(): Promise<void> {
    const rows = await fleet.gateways();
    const count = (state: string, test: (row: GatewayRow) => boolean): void => gateways.set({ state }, rows.filter(test).length);
    count("online", (row) => row.state === "enrolled" && row.presence === "online");
    count("offline", (row) => row.state === "enrolled" && row.presence === "offline");
    count("revoked", (row) => row.state === "revoked");
    count("drifting", (row) => row.state === "enrolled" && row.drift !== undefined);
  }

  async function gather(): Promise<void> {
    gathering = undefined;
    for (const [network, watch] of watched) {
      const rows = (await fleet.gateways(network)).filter((row) => row.state === "enrolled" && row.presence === "online");
      for (const row of rows) observe(row, watch);
      if (Date.now() > watch.until || rows.every((row) => watch.seen.has(row.id))) watched.delete(network);
    }
  }

  function observe({ id, reported: report, reportedAt }: GatewayRow, watch: Watched): void {
    if (watch.seen.has(id) || report?.desired?.version !== watch.version || reportedAt === undefined) return;
    watch.seen.add(id);
    reported.observe(Math.max(0, (new Date(reportedAt).getTime() - watch.created) / 1000));
  }

  return {
    refused: (status) => refusals.inc({ status }),
    request: (method, route, status, seconds) => requests.observe({ method, route, status }, seconds),
    async push(network, now, run) {
      const start = now();
      try {
        const policy = await run();
        pushes.inc({ outcome: "done" });
        stored.observe((now() - start) / 1000);
        watched.set(network, { version: policy.version, created: new Date(policy.created).getTime(), until: Date.now() + WATCH, seen: new Set() });
        return policy;
      } catch (error) {
        pushes.inc({ outcome: "refused" });
        throw error;
      }
    },
    text: () => registry.metrics(),
    close() {
      unsubscribe();
      clearTimeout(gathering);
      registry.clear();
    },
  };
}
