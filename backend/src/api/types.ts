// SPDX-License-Identifier: Apache-2.0
// What the API takes and gives. backend/src/start.ts is its only caller outside tests.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Actor, Broker, Database, Enrolment, Fleet, Live, Pki, Verdicts } from "../ports.ts";

/** One line of the log. */
export type Log = (level: "debug" | "info" | "warn" | "error", event: string, fields?: Record<string, unknown>) => void;

export interface ApiDependencies {
  database: Database;
  fleet: Fleet;
  enrolment: Enrolment;
  live: Live;
  pki: Pki;
  verdicts: Verdicts;
  broker: Broker;
  log: Log;
  version: string;
  /** Built console: index.html and its assets. Absent: no pages are served. */
  consoleDirectory?: string;
  /** What else keeps the process from its work, for /health/ready; undefined: nothing. */
  problem?: () => string | undefined;
  /** Milliseconds since 1970; default Date.now. */
  now?: () => number;
}

export interface Listening { host: string; port: number; url: string }

export interface Api {
  /** For servers of the caller's own. */
  handle(request: IncomingMessage, response: ServerResponse): void;
  /**
   * Opens a listener; may be called several times (HTTPS for all, plain HTTP on the loopback address). `tls`: with `pki.serverCertificate()`, which is
   * asked again each hour. Port 0: any free one. Rejects with the system's error when the address is taken.
   */
  listen(options: { host: string; port: number; tls: boolean }): Promise<Listening>;
  /** Ends listeners and live streams, waits for requests under way (at most 5 s). */
  close(): Promise<void>;
  /** The OpenAPI 3.1 description. */
  description(): Record<string, unknown>;
}

/** Who asks, and how: decided once per request. */
export interface Caller {
  actor: Actor;
  /** Sessions need the same origin for changes; tokens do not. */
  by: "session" | "token";
  /** Row of the session or token: what a logout or a revocation ends. */
  credential: string;
}
