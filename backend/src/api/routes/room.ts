// SPDX-License-Identifier: Apache-2.0
// What every operation may use.
import type { FastifyRequest } from "fastify";
import type { Actor, AuditRow, RequestError } from "../../ports.ts";
import type { Attempts } from "../attempts.ts";
import type { Metrics } from "../metrics.ts";
import type { LiveHub } from "../live-hub.ts";
import type { ApiDependencies, Caller } from "../types.ts";

export interface Room extends Omit<ApiDependencies, "now"> {
  now: () => number;
  attempts: Attempts;
  metrics: Metrics;
  hub: LiveHub;
  /** Writes a refusal to log, audit and metrics, and returns the error for throwing. */
  refuse(request: FastifyRequest, error: RequestError, what?: { action?: string; target?: string; actor?: string; network?: string }): RequestError;
  /** Writes a change of the API's own (users, tokens) to the audit log. */
  done(request: FastifyRequest, actor: Actor, action: string, target: string, detail?: AuditRow["detail"]): Promise<void>;
  /** Whether the caller may still go on: for streams that outlive their request's check. */
  stillValid(caller: Caller): Promise<boolean>;
}
