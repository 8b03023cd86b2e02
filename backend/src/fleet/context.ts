// SPDX-License-Identifier: Apache-2.0
import type { Broker, Database, LiveEvent, Pki, Queryable, Verdicts } from "../ports.ts";
import type { OwnLive } from "../live/index.ts";
import type { Retention } from "./retention.ts";

export type Log = (level: "debug" | "info" | "warn" | "error", event: string, fields?: Record<string, unknown>) => void;

export interface FleetDependencies {
  database: Database;
  broker: Broker;
  pki: Pki;
  live: OwnLive;
  verdicts: Verdicts;
  log: Log;
  /** What is kept, and how long. */
  retention?: Partial<Retention>;
  /** Milliseconds since 1970. Default Date.now. */
  now?: () => number;
}

/** What every part of the fleet gets. */
export interface Context extends FleetDependencies { now: () => number }

/** Live events are told after the commit that makes them true. */
export async function committed<T>({ database, live }: Context, run: (tx: Queryable, tell: (event: LiveEvent) => void) => Promise<T>): Promise<T> {
  let told: LiveEvent[] = [];
  const result = await database.transaction((tx) => {
    told = []; // a transaction that lost a race runs again
    return run(tx, (event) => told.push(event));
  });
  for (const event of told) live.emit(event);
  return result;
}
